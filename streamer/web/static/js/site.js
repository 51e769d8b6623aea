// What the server wrote into the page about itself.

/**
 * @typedef {{name: string, picture: boolean, video: boolean}} SourceInfo
 * @typedef {{name: string, least: number, overlap: boolean, sources: SourceInfo[]}} RoomInfo
 * @typedef {{name: string, room: string}} Place
 * @typedef {object} Site
 * @property {string} purpose
 * @property {boolean} signs no emotion is inferred
 * @property {RoomInfo[]} rooms
 * @property {Place[]} places where a browser may bring its picture
 * @property {string} [room] the one this page is about
 * @property {string} [place] the one this page is about
 * @property {string[]} [iceServers]
 * @property {boolean} [kept] a timeline is kept
 * @property {boolean} [marks] marks can be noted in it
 * @property {boolean} [people] single people may be kept in it
 * @property {boolean} [report] the server makes reports of it
 */

/** @type {Site} */
export const site = { purpose: "", signs: false, rooms: [], places: [], ...JSON.parse(document.body.dataset.site || "{}") };

/**
 * @param {string | undefined} name
 * @returns {RoomInfo}
 */
export function roomOf(name) {
  return site.rooms.find((room) => room.name === name) ?? { name: name ?? "", least: 1, overlap: false, sources: [] };
}
