// A camera or a window from the browser, or a sentence that says why not and what to do.

/** @typedef {"camera" | "window"} What */

/** @type {Record<What, Record<string, string>>} */
const WHY = {
  camera: {
    NotAllowedError: "The browser may not use the camera. Allow it beside the address of this page, then choose again.",
    NotFoundError: "No camera was found. Connect one and choose again, or share a window instead.",
    NotReadableError: "The camera is in use by another program. Close it there, then choose again.",
  },
  window: {
    NotAllowedError: "Nothing was shared. Choose again, pick the window of the call, and press Share.",
    NotFoundError: "There is no window to share. Open the call, then choose again.",
    NotReadableError: "The system does not let the browser see that window. Allow screen recording for the browser, or pick another.",
  },
};

const INSECURE =
  "Browsers give a camera or a window only to pages reached by HTTPS, or by localhost on the same machine. Open this page so.";

/** What cannot be had, in words for a person. */
export class NoPicture extends Error {}

/**
 * @param {What} what
 * @returns {Promise<MediaStreamTrack>}
 */
export async function capture(what) {
  const devices = navigator.mediaDevices;
  if (!devices) throw new NoPicture(INSECURE);
  if (what === "window" && !devices.getDisplayMedia) {
    throw new NoPicture("This browser cannot share a window. Use one on a computer, or choose the camera.");
  }
  try {
    const size = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
    const stream = what === "camera"
      ? await devices.getUserMedia({ video: size, audio: false })
      : await devices.getDisplayMedia({ video: { frameRate: { ideal: 15 } }, audio: false });
    const track = stream.getVideoTracks()[0];
    track.contentHint = what === "window" ? "detail" : "motion";
    return track;
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    throw new NoPicture(WHY[what][name] ?? `The picture cannot be had (${name || "unknown error"}). Choose again, or try another browser.`);
  }
}
