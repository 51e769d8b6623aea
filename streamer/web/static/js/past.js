// The page of a room's past: one span that is zoomed and moved, what happened in it, sittings, and two of them compared.

import { getJson } from "./api.js";
import { Comparison } from "./compare.js";
import { controlsFor, pressPreset } from "./controls.js";
import { SIGNS, VALENCE, courseOf } from "./course.js";
import { at, say } from "./dom.js";
import { Happened, sentence, spanAround } from "./happened.js";
import { marksInto } from "./marks.js";
import { Plot } from "./plot.js";
import { Report } from "./report.js";
import { Sittings, aired } from "./sittings.js";
import { roomOf, site } from "./site.js";
import { asked, clamped, hashOf, moved, pairIn, spanIn, zoomed } from "./span.js";
import { Announcer } from "./strip.js";
import { described, noneWords, noteOf, readingOf } from "./told-past.js";
import { Trends } from "./trends.js";
import { spanWords } from "./when.js";

/** @typedef {import("./course.js").Course} Course */
/** @typedef {import("./course.js").Occurrence} Occurrence */
/** @typedef {import("./span.js").Span} Span */

const info = roomOf(site.room);
const root = at("past");

/** Milliseconds between a wish and the question, so that a wheel asks once; and between two where now is shown. */
const REST = 120;
const FOLLOWING = 5000;

/** Longer spans, in seconds, do not change while one looks. */
const STILL = 100_000;

class Past {
  constructor() {
    this._measure = site.signs ? SIGNS[0] : VALENCE;
    /** @type {Course | null} */
    this._course = null;
    /** @type {Span} */
    this._kept = { from: 0, to: 0 };
    /** @type {Span} */
    this._span = { from: 0, to: 0 };
    /** @type {number | null} seconds up to now, where a preset was chosen */
    this._preset = null;
    /** @type {[Span, Span] | null} */
    this._pair = null;
    /** @type {Occurrence[]} marks made here that the server may not have told yet */
    this._made = [];
    this._timer = 0;
    this._asking = false;
    this._ahead = 0;
    this._announcer = new Announcer();
    this._plot = new Plot(at("plot"), info.least > 1 ? "+" : "", (one) => this._open(one));
    this._happened = new Happened(at("happened"), at("nothing"), (one) => this._open(one));
    this._comparison = new Comparison(info.name);
    this._report = new Report(info.name, site.report === true);
    this._trends = new Trends(info.name, { valence: !site.signs, people: site.people === true }, () => this._draw());
    this._sittings = new Sittings(info.name, info.least, { open: (span) => this.go(span), compare: (pair) => this._compare(pair) });
  }

  async start() {
    controlsFor(this, this._plot);
    marksInto(info.name, (made) => {
      this._made.push(made);
      this._trends.again();
      this._fetch();
    });
    const [linked, pair] = [spanIn(location.hash), pairIn(location.hash)];
    const [first] = await Promise.all([this._ask(linked), this._sittings.fetch()]);
    if (!first) return;
    const newest = this._sittings.all[0];
    if (!linked && newest) this.go(aired(newest));
    else this.go(linked ?? { from: first.begin, to: first.end });
    if (pair && !site.signs) this._compare(pair);
    setInterval(() => this._follow(), FOLLOWING);
    addEventListener("hashchange", () => {
      const wanted = spanIn(location.hash);
      if (wanted && location.hash !== hashOf(this._span, this._pair)) this.go(wanted);
    });
  }

  /**
   * Show this span.
   * @param {Span} wanted
   * @param {number | null} [preset]
   */
  go(wanted, preset = null) {
    this._preset = preset;
    this._span = clamped(wanted, this._kept);
    this._draw();
    history.replaceState(null, "", hashOf(this._span, this._pair));
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._fetch(), REST);
  }

  /** @param {number} share @returns {number} the time there */
  _at(share) {
    return this._span.from + share * (this._span.to - this._span.from);
  }

  /** @param {number} factor @param {number} [around] share of the way across @returns {boolean} whether anything changed */
  zoom(factor, around = 0.5) {
    const before = this._span;
    this.go(zoomed(before, factor, this._at(around)));
    return this._span.from !== before.from || this._span.to !== before.to;
  }

  /** @param {number} share of the span */
  move(share) {
    this.go(moved(this._span, share));
  }

  /** @param {number} from @param {number} to shares of the way across */
  choose(from, to) {
    this.go({ from: this._at(from), to: this._at(to) });
  }

  /** @param {number | null} share of the way across, where the numbers are read */
  point(share) {
    say(at("reading"), readingOf(this._plot.point(share), this._measure, info.least));
  }

  /** @param {import("./course.js").Measure} measure */
  measure(measure) {
    this._measure = measure;
    this._draw();
  }

  /** @param {number} seconds up to now, 0 for all that is kept */
  choosePreset(seconds) {
    const now = Math.ceil(Date.now() / 1000 + this._ahead);
    if (seconds) this._kept.to = Math.max(this._kept.to, now);
    const known = this._course;
    if (seconds) this.go({ from: now - seconds, to: now }, seconds);
    else if (known) this.go({ from: known.first ?? known.begin, to: known.last ?? known.end }, 0);
  }

  _follow() {
    if (document.hidden || !this._preset || this._preset > STILL) return;
    this.choosePreset(this._preset);
  }

  /** @param {Occurrence} one */
  _open(one) {
    this._announcer.tell(`Showing: ${sentence(one)}`);
    this.go(spanAround(one));
  }

  /** @param {[Span, Span]} pair */
  _compare(pair) {
    this._pair = pair;
    history.replaceState(null, "", hashOf(this._span, pair));
    this._comparison.show(...pair);
  }

  /** One question at a time; what was wished for meanwhile is asked next. */
  async _fetch() {
    if (this._asking) return;
    this._asking = true;
    const wanted = this._span;
    await this._ask(wanted);
    this._asking = false;
    if (wanted !== this._span) this._fetch();
  }

  /** @param {Span | null} span */
  async _ask(span) {
    root.dataset.asking = "true";
    const points = Math.max(60, Math.min(600, Math.floor(this._plot.width)));
    const part = span ? `${asked(span)}&` : "";
    const answer = await getJson(`/api/v1/rooms/${encodeURIComponent(info.name)}/timeline?${part}points=${points}`);
    delete root.dataset.asking;
    root.dataset.state = answer.ok ? (answer.value.first === null ? "empty" : "shown") : answer.status === 404 ? "none" : "failed";
    say(at("problem"), answer.ok || answer.status === 404 ? "" : answer.why);
    if (!answer.ok) return null;
    const course = (this._course = courseOf(answer.value));
    this._ahead = course.now - Date.now() / 1000;
    this._kept = { from: course.first ?? course.begin, to: Math.max(course.last ?? course.end, course.now) };
    this._draw();
    this._trends.rest(this._span);
    return course;
  }

  _draw() {
    const [course, span] = [this._course, this._span];
    if (!course || span.from === span.to) return;
    const whole = { ...course, occurrences: this._trends.beside(course.occurrences, this._made) };
    this._plot.show(whole, span, this._measure);
    this._happened.show(whole.occurrences, course.leftOut, span);
    say(at("span"), spanWords(span));
    this._report.of(span);
    say(at("note"), noteOf(course, span, this._measure));
    at("plot").setAttribute("aria-label", described(course, span, this._measure));
    pressPreset(this._preset);
    say(at("empty"), root.dataset.asking ? "" : noneWords(course, span, this._measure));
  }
}

if (!site.kept) root.dataset.state = "none";
else new Past().start();
