/**
 * How much is drawn when. What fits into a frame's time is drawn at once. Of more, the longest shapes are drawn, coverage
 * for the others, the last whole picture is laid over them where it belongs now, and when the view rests the whole picture is made aside, in
 * pieces of a frame's time. How many rectangles go into that time is measured all along: a thousand times as many on a
 * graphics card as in software.
 */
import type { Batch } from './scene.ts';
import type { Frame, Layered, Painter, Veil } from './painter.ts';

/** What there is to draw. */
export interface Subject {
  /** All that is seen: metal, and everything else, at least so many device pixels long. */
  layers(leastPx: number, leastMetalPx: number): Layered[];
  /** Coverage of the metal, where it is known. */
  veil(): Veil | null;
}

/** Shapes shorter than this many device pixels are left out. */
const LEAST_PX = 0.4;
/** Time that drawing may take of a frame. */
const FRAME_MS = 45;
const REST_MS = 120;
/** Rectangles per millisecond before anything is measured: software GL on one slow core. */
const FIRST_RATE = 2500;
/** Where coverage stands for short metal, cells and pins are drawn down to a size so many times less. */
const VEILED = 30;

const countOf = (layers: readonly Layered[]): number => layers.reduce((n, l) => n + l.count, 0);

export class Drawing {
  readonly #painter: Painter;
  readonly #subject: Subject;
  #rate = FIRST_RATE;
  #frame: Frame | null = null;
  #look: readonly unknown[] = [];
  #isWhole = false;
  #restTimer: ReturnType<typeof setTimeout> | undefined;
  #loop = 0;
  /** Of what is being drawn: since when, how many. */
  #asked: { readonly at: number; readonly count: number } | null = null;
  #isPainted = false;

  constructor(painter: Painter, subject: Subject) {
    this.#painter = painter;
    this.#subject = subject;
  }

  /** Frames that are slow anyway wait for the one before. */
  isBehind(): boolean {
    const isSlow = this.#asked !== null && this.#asked.count / this.#rate > 12;
    return isSlow && this.#isBusy();
  }

  /** Learns from what has just become ready. */
  #isBusy(): boolean {
    if (this.#painter.isBusy()) return true;
    if (this.#asked && this.#asked.count > 2000) {
      const rate = this.#asked.count / Math.max(0.1, performance.now() - this.#asked.at);
      // Up quickly: it is seen a frame late, so a short piece of work looks slower than it was.
      this.#rate = rate > this.#rate ? rate : 0.6 * this.#rate + 0.4 * rate;
    }
    this.#asked = null;
    return false;
  }

  /** `look`: everything but the camera that changes the picture, compared by identity. */
  draw(frame: Frame, look: readonly unknown[], mustBeWhole: boolean): void {
    const isSameLook = look.every((part, k) => part === this.#look[k]);
    const was = this.#frame;
    const isSame = was !== null && was.x === frame.x && was.y === frame.y && was.scale === frame.scale;
    if (isSame && isSameLook && !mustBeWhole) return;
    clearTimeout(this.#restTimer);
    cancelAnimationFrame(this.#loop);
    if (!isSameLook) this.#painter.forget();
    [this.#frame, this.#look] = [frame, look];
    const started = performance.now();
    const all = this.#subject.layers(LEAST_PX, LEAST_PX);
    const budget = this.#rate * FRAME_MS;
    this.#isWhole = mustBeWhole || countOf(all) <= budget;
    const veil = this.#isWhole ? undefined : this.#subject.veil();
    const drawn = veil === undefined ? all : this.#longest(all, budget, veil ? VEILED : 1);
    this.#painter.draw(frame, drawn, veil);
    this.#asked = { at: performance.now(), count: countOf(drawn) };
    this.#measure(started, countOf(drawn));
    if (!this.#isWhole) this.#restTimer = setTimeout(() => this.#fill(frame), isSameLook ? REST_MS : 0);
  }

  #longest(all: Layered[], budget: number, metal: number): Layered[] {
    let layers = all;
    for (let px = 0.5; px < 2000 && countOf(layers) > budget; px *= 1.6)
      layers = this.#subject.layers(px, px * metal);
    return layers;
  }

  /** The whole picture aside, piece by piece. */
  #fill(frame: Frame): void {
    const started = performance.now();
    const layers = this.#subject.layers(LEAST_PX, LEAST_PX);
    this.#painter.start(frame, layers);
    const next = (): void => {
      if (this.#isBusy()) {
        this.#loop = requestAnimationFrame(next);
        return;
      }
      const piece = Math.max(4000, Math.round(this.#rate * FRAME_MS));
      const at = performance.now();
      this.#isWhole = this.#painter.go(piece);
      this.#asked = { at, count: this.#isWhole ? 0 : piece };
      if (!this.#isWhole) this.#loop = requestAnimationFrame(next);
      else
        performance.measure('layout.whole', {
          start: started,
          detail: { rectangles: countOf(layers), perMs: this.#rate },
        });
    };
    next();
  }

  /** Drawing is asynchronous; who wants to know how long it took has to wait for it. */
  #measure(started: number, rectangles: number): void {
    const isAsked = performance.getEntriesByName('layout.measure').length > 0;
    if (this.#isPainted && !isAsked) return;
    this.#painter.finish();
    const detail = { rectangles, isWhole: this.#isWhole, uploadedBytes: this.#painter.uploadedBytes() };
    performance.measure(this.#isPainted ? 'layout.frame' : 'layout.first-frame', { start: started, detail });
    if (!this.#isPainted) performance.mark('layout.painted');
    this.#isPainted = true;
  }

  drop(batch: Batch): void {
    this.#painter.drop(batch);
  }

  dispose(): void {
    clearTimeout(this.#restTimer);
    cancelAnimationFrame(this.#loop);
    this.#painter.dispose();
  }
}
