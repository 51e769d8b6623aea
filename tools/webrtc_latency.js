// In the page under measurement: bring the camera, look at what comes back, note when which picture was where.
// All times are of performance.now(), in milliseconds. CODE: place of the burned-in number in shares of the picture.
const CODE = {x: 480 / 1280, y: 680 / 720, width: 320 / 1280, height: 32 / 720, bits: 8};
const notes = {captured: [], drawn: [], told: [], without: 0};

// The number in the picture that a video shows now; null where there is none. Reads a few pixels of its luma.
async function numberIn(video) {
  const frame = new VideoFrame(video);
  try {
    const even = share => Math.round(share / 2) * 2;
    const {codedWidth: w, codedHeight: h} = frame;
    const rect = {x: even(CODE.x * w), y: even(CODE.y * h), width: even(CODE.width * w), height: even(CODE.height * h)};
    const pixels = new Uint8Array(frame.allocationSize({rect}));
    const [{offset, stride}] = await frame.copyTo(pixels, {rect});
    const row = offset + (rect.height >> 1) * stride;
    const cell = k => pixels[row + Math.floor((k + 0.5) * rect.width / (CODE.bits + 2))];
    const white = cell(CODE.bits), black = cell(CODE.bits + 1);
    if (white - black < 80) return null;
    let number = 0;
    for (let k = 0; k < CODE.bits; k++) if (cell(k) > (white + black) / 2) number |= 1 << k;
    return number;
  } finally {
    frame.close();
  }
}

function each(video, note) {
  const step = (now, frame) => { video.requestVideoFrameCallback(step); note(now, frame); };
  video.requestVideoFrameCallback(step);
}

function shown(stream, width) {
  const video = document.createElement('video');
  Object.assign(video, {muted: true, autoplay: true, playsInline: true, srcObject: stream, width});
  document.body.append(video);
  return video;
}

async function exchange(pc, path) {
  await pc.setLocalDescription();
  if (pc.iceGatheringState !== 'complete')
    await new Promise(done => pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && done());
  const headers = {'Content-Type': 'application/sdp'};
  const answer = await fetch(path, {method: 'POST', headers, body: pc.localDescription.sdp});
  if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  await pc.setRemoteDescription({type: 'answer', sdp: await answer.text()});
}

async function bring(path, overlay) {
  const stream = await navigator.mediaDevices.getUserMedia({video: {width: 1280, height: 720, frameRate: 30}});
  const [track] = stream.getVideoTracks();
  const video = shown(stream, overlay ? 1280 : 160);
  each(video, async (now, frame) => {
    const number = await numberIn(video);
    if (frame.captureTime === undefined) notes.without++;
    else if (number !== null) notes.captured.push([number, frame.captureTime]);
  });
  const pc = window.bringing = new RTCPeerConnection();
  const {sender} = pc.addTransceiver(track, {direction: 'sendonly'});
  const channel = pc.createDataChannel('events', {ordered: false, maxRetransmits: 0});
  if (overlay) draw(video, channel);
  await exchange(pc, path);
  await sender.setParameters(Object.assign(sender.getParameters(), {degradationPreference: 'maintain-resolution'}));
}

// The browser's own overlay: the newest result over the own video, at the next time the screen is painted.
function draw(video, channel) {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, {width: 1280, height: 720});
  canvas.style.cssText = 'position: absolute; left: 0; top: 0';
  document.body.append(canvas);
  const context = canvas.getContext('2d');
  let newest = null;
  channel.onmessage = event => {
    const told = JSON.parse(event.data);
    if (told.type === 'self') newest = told;
  };
  const paint = () => {
    if (newest !== null) {
      context.clearRect(0, 0, 1280, 720);
      context.strokeStyle = context.fillStyle = 'lime';
      context.font = '20px sans-serif';
      for (const {box: [x1, y1, x2, y2], label} of newest.faces) {
        context.strokeRect(x1 * 1280, y1 * 720, (x2 - x1) * 1280, (y2 - y1) * 720);
        context.fillText(label, x1 * 1280, y1 * 720 - 6);
      }
      notes.told.push([newest.picture, performance.now(), newest.faces.length]);
      newest = null;
    }
    requestAnimationFrame(paint);
  };
  paint();
}

async function look(path) {
  const pc = window.looking = new RTCPeerConnection();
  const {receiver} = pc.addTransceiver('video', {direction: 'recvonly'});
  receiver.jitterBufferTarget = 0;
  pc.ontrack = event => {
    const video = shown(new MediaStream([event.track]), 1280);
    let last = null;
    each(video, async () => {
      const at = performance.now(), number = await numberIn(video);
      if (number === null || number === last) return;
      last = number;
      notes.drawn.push([number, at]);
    });
  };
  await exchange(pc, path);
}

async function finished() {
  const stats = {};
  for (const pc of [window.bringing, window.looking].filter(Boolean))
    (await pc.getStats()).forEach(one => { if (/bound-rtp$/.test(one.type)) stats[one.type] = one; });
  return {...notes, stats};
}
