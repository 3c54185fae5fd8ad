/**
 * WebGL2. Rectangles lie in textures that are sent once; the vertex shader fetches them by number, four vertices each.
 * (Instanced quads are a draw of their own per instance in software GL: 16 us each there, against 1 to 2 us this way.) A picture
 * sends a few numbers for the camera and a draw per range. Rectangles thinner than a pixel are widened to one and
 * made fainter by as much, so that a crowd of thin wires shows as the density it is.
 */
import { FRAGMENT, link, PICTURE_FRAGMENT, PICTURE_VERTEX, VEIL_FRAGMENT, VERTEX } from './shaders.ts';
import type { Frame, Layered, Painter, Veil } from './painter.ts';
import type { Batch } from './scene.ts';

/** Texels in a row; WebGL2 grants 2048. */
const ROW = 2048;
/** Rectangles in a draw: their corners are what 16 bit can number. */
const DRAW_MAX = 16384;

interface Sent {
  readonly rects: WebGLTexture;
  readonly colours: WebGLTexture | null;
}

/** Null where WebGL2 cannot be had. */
export function glPainter(canvas: HTMLCanvasElement): Painter | null {
  const gl = canvas.getContext('webgl2', {
    alpha: false,
    antialias: false,
    depth: false,
    powerPreference: 'high-performance',
  });
  const program = gl && link(gl, VERTEX, FRAGMENT);
  const picture = gl && link(gl, PICTURE_VERTEX, PICTURE_FRAGMENT);
  const veil = gl && link(gl, PICTURE_VERTEX, VEIL_FRAGMENT);
  return gl && program && picture && veil ? new GlPainter(gl, program, picture, veil) : null;
}

/** A picture in a texture, and the frame that it shows. */
interface Target {
  readonly texture: WebGLTexture;
  readonly buffer: WebGLFramebuffer;
  readonly width: number;
  readonly height: number;
  frame: Frame | null;
}

interface Work {
  readonly frame: Frame;
  readonly target: Target;
  readonly layers: readonly Layered[];
  layer: number;
  range: number;
  /** Rectangles of the range that are drawn. */
  done: number;
  isStarted: boolean;
}

class GlPainter implements Painter {
  readonly kind = 'WebGL2';
  readonly #gl: WebGL2RenderingContext;
  readonly #program: WebGLProgram;
  readonly #picture: WebGLProgram;
  readonly #at: Readonly<Record<string, WebGLUniformLocation | null>>;
  readonly #pictureAt: Readonly<Record<string, WebGLUniformLocation | null>>;
  readonly #veil: WebGLProgram;
  readonly #veilAt: Readonly<Record<string, WebGLUniformLocation | null>>;
  readonly #veils = new Map<number, WebGLTexture>();
  readonly #sent = new Map<Batch, Sent>();
  readonly #vao: WebGLVertexArrayObject;
  #bytes = 0;
  #kept: Target | null = null;
  #spare: Target | null = null;
  #work: Work | null = null;
  #fence: WebGLSync | null = null;

  constructor(gl: WebGL2RenderingContext, program: WebGLProgram, picture: WebGLProgram, veil: WebGLProgram) {
    this.#gl = gl;
    this.#program = program;
    this.#picture = picture;
    this.#veil = veil;
    const places = (
      of: WebGLProgram,
      names: readonly string[],
    ): Record<string, WebGLUniformLocation | null> =>
      Object.fromEntries(names.map((name) => [name, gl.getUniformLocation(of, name)]));
    this.#at = places(program, [
      'whole',
      'rest',
      'scale',
      'pixel',
      'paint',
      'hasOwn',
      'first',
      'rects',
      'own',
    ]);
    this.#pictureAt = places(picture, ['place', 'source']);
    this.#veilAt = places(veil, ['place', 'source', 'paint']);
    const corners = new Uint16Array(6 * DRAW_MAX);
    for (let k = 0; k < DRAW_MAX; k++)
      corners.set([4 * k, 4 * k + 1, 4 * k + 2, 4 * k + 2, 4 * k + 1, 4 * k + 3], 6 * k);
    this.#vao = gl.createVertexArray();
    gl.bindVertexArray(this.#vao);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, corners, gl.STATIC_DRAW);
  }

  uploadedBytes(): number {
    return this.#bytes;
  }

  #texture(format: number, rows: number): WebGLTexture {
    const gl = this.#gl;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.texStorage2D(gl.TEXTURE_2D, 1, format, ROW, rows);
    return texture;
  }

  /** Four numbers a texel: whole rows at once, then what is left. */
  #fill(format: number, type: number, data: Int32Array | Uint8Array): void {
    const gl = this.#gl;
    const texels = data.length / 4;
    const rows = Math.floor(texels / ROW);
    if (rows > 0) gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, ROW, rows, format, type, data, 0);
    const left = texels - rows * ROW;
    if (left > 0) gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, rows, left, 1, format, type, data, 4 * rows * ROW);
    this.#bytes += data.byteLength;
  }

  #send(batch: Batch): Sent {
    const known = this.#sent.get(batch);
    if (known) return known;
    const gl = this.#gl;
    const rows = Math.max(1, Math.ceil(batch.rects.length / 4 / ROW));
    const rects = this.#texture(gl.RGBA32I, rows);
    this.#fill(gl.RGBA_INTEGER, gl.INT, batch.rects);
    let colours: WebGLTexture | null = null;
    if (batch.colours) {
      colours = this.#texture(gl.RGBA8, rows);
      this.#fill(gl.RGBA, gl.UNSIGNED_BYTE, batch.colours);
    }
    const sent = { rects, colours };
    this.#sent.set(batch, sent);
    return sent;
  }

  #begin({ x, y, scale, width, height, background: [r, g, b] }: Frame, clears: boolean): void {
    const gl = this.#gl;
    gl.viewport(0, 0, width, height);
    if (clears) {
      gl.clearColor(r / 255, g / 255, b / 255, 1);
      gl.clear(gl.COLOR_BUFFER_BIT);
    }
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.useProgram(this.#program);
    gl.bindVertexArray(this.#vao);
    // Whole units are subtracted as integers, so that nothing trembles far from the origin.
    const [wx, wy] = [Math.round(x), Math.round(y)];
    gl.uniform4i(this.#at['whole']!, wx, wy, wx, wy);
    gl.uniform2f(this.#at['rest']!, x - wx, y - wy);
    gl.uniform2f(this.#at['scale']!, (2 * scale) / width, (2 * scale) / height);
    gl.uniform2f(this.#at['pixel']!, 2 / width, 2 / height);
    gl.uniform1i(this.#at['rects']!, 0);
    gl.uniform1i(this.#at['own']!, 1);
  }

  #take({ batch, colour, alpha }: Layered): void {
    const gl = this.#gl;
    const { rects, colours } = this.#send(batch);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, colours);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, rects);
    gl.uniform4f(this.#at['paint']!, colour[0] / 255, colour[1] / 255, colour[2] / 255, alpha);
    gl.uniform1i(this.#at['hasOwn']!, colours ? 1 : 0);
  }

  /** Draws up to `most` rectangles of a range. */
  #run(first: number, count: number): void {
    const gl = this.#gl;
    for (let k = 0; k < count; k += DRAW_MAX) {
      gl.uniform1i(this.#at['first']!, first + k);
      gl.drawElements(gl.TRIANGLES, 6 * Math.min(DRAW_MAX, count - k), gl.UNSIGNED_SHORT, 0);
    }
  }

  draw(frame: Frame, layers: readonly Layered[], coarse?: Veil | null): void {
    const gl = this.#gl;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    this.#begin(frame, true);
    for (const layer of layers) {
      if (layer.count === 0) continue;
      this.#take(layer);
      for (let r = 0; r < layer.ranges.length; r += 2) this.#run(layer.ranges[r], layer.ranges[r + 1]);
    }
    if (coarse) this.#cover(frame, coarse);
    if (coarse !== undefined && this.#kept) this.#show(this.#kept, frame);
    this.#signal();
  }

  /** A kept picture where the frame has it now. */
  #show({ texture, frame: was }: Target, now: Frame): void {
    if (!was) return;
    const gl = this.#gl;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, now.width, now.height);
    gl.disable(gl.BLEND);
    gl.useProgram(this.#picture);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    const zoom = now.scale / was.scale;
    gl.uniform4f(
      this.#pictureAt['place']!,
      (2 * (was.x - now.x) * now.scale) / now.width,
      (2 * (was.y - now.y) * now.scale) / now.height,
      (zoom * was.width) / now.width,
      (zoom * was.height) / now.height,
    );
    gl.uniform1i(this.#pictureAt['source']!, 0);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  /** Smoothed, over the cells and whatever shapes were drawn. */
  #cover(frame: Frame, { overview, x, y, layers }: Veil): void {
    const gl = this.#gl;
    const { columns, rows, squareDbu, values } = overview;
    gl.useProgram(this.#veil);
    const [w, h] = [columns * squareDbu, rows * squareDbu];
    const [sx, sy] = [(2 * frame.scale) / frame.width, (2 * frame.scale) / frame.height];
    gl.uniform4f(
      this.#veilAt['place']!,
      (x + w / 2 - frame.x) * sx,
      (y + h / 2 - frame.y) * sy,
      (w / 2) * sx,
      (h / 2) * sy,
    );
    gl.uniform1i(this.#veilAt['source']!, 0);
    gl.activeTexture(gl.TEXTURE0);
    for (const { layer, colour, alpha } of layers) {
      let texture = this.#veils.get(layer);
      gl.bindTexture(gl.TEXTURE_2D, texture ?? null);
      if (!texture) {
        texture = gl.createTexture();
        gl.bindTexture(gl.TEXTURE_2D, texture);
        this.#smooth();
        gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
        gl.texStorage2D(gl.TEXTURE_2D, 1, gl.R8, columns, rows);
        const own = values.subarray(layer * columns * rows, (layer + 1) * columns * rows);
        gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, columns, rows, gl.RED, gl.UNSIGNED_BYTE, own);
        gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
        this.#veils.set(layer, texture);
      }
      gl.uniform4f(this.#veilAt['paint']!, colour[0] / 255, colour[1] / 255, colour[2] / 255, alpha);
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    }
  }

  #smooth(): void {
    const gl = this.#gl;
    for (const [name, value] of [
      [gl.TEXTURE_MIN_FILTER, gl.LINEAR],
      [gl.TEXTURE_MAG_FILTER, gl.LINEAR],
      [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE],
      [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
    ] as const)
      gl.texParameteri(gl.TEXTURE_2D, name, value);
  }

  start(frame: Frame, layers: readonly Layered[]): void {
    const gl = this.#gl;
    let target = this.#spare;
    if (target?.width !== frame.width || target.height !== frame.height) {
      this.#free(target);
      const texture = gl.createTexture();
      const buffer = gl.createFramebuffer();
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, frame.width, frame.height);
      this.#smooth();
      gl.bindFramebuffer(gl.FRAMEBUFFER, buffer);
      gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
      target = { texture, buffer, width: frame.width, height: frame.height, frame: null };
    }
    this.#spare = target;
    this.#work = { frame, target, layers, layer: 0, range: 0, done: 0, isStarted: false };
  }

  go(most: number): boolean {
    const work = this.#work;
    if (!work) return true;
    const gl = this.#gl;
    gl.bindFramebuffer(gl.FRAMEBUFFER, work.target.buffer);
    this.#begin(work.frame, !work.isStarted);
    work.isStarted = true;
    let left = most;
    for (; work.layer < work.layers.length; work.layer++, work.range = 0) {
      const layer = work.layers[work.layer];
      if (layer.count === 0) continue;
      this.#take(layer);
      for (; work.range < layer.ranges.length; work.range += 2, work.done = 0) {
        const count = Math.min(left, layer.ranges[work.range + 1] - work.done);
        this.#run(layer.ranges[work.range] + work.done, count);
        work.done += count;
        left -= count;
        if (left <= 0) {
          this.#signal();
          return false;
        }
      }
    }
    [this.#spare, this.#kept] = [this.#kept, work.target];
    work.target.frame = work.frame;
    this.#work = null;
    this.#show(work.target, work.frame);
    this.#signal();
    return true;
  }

  forget(): void {
    this.#work = null;
    if (this.#kept) this.#kept.frame = null;
  }

  #signal(): void {
    const gl = this.#gl;
    if (this.#fence) gl.deleteSync(this.#fence);
    this.#fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
  }

  isBusy(): boolean {
    if (!this.#fence) return false;
    const gl = this.#gl;
    if (gl.isContextLost() || gl.getSyncParameter(this.#fence, gl.SYNC_STATUS) === gl.SIGNALED) {
      gl.deleteSync(this.#fence);
      this.#fence = null;
    }
    return this.#fence !== null;
  }

  drop(batch: Batch): void {
    const known = this.#sent.get(batch);
    if (!known) return;
    this.#gl.deleteTexture(known.rects);
    this.#gl.deleteTexture(known.colours);
    this.#sent.delete(batch);
  }

  finish(): void {
    const gl = this.#gl;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  }

  #free(target: Target | null): void {
    if (!target) return;
    this.#gl.deleteTexture(target.texture);
    this.#gl.deleteFramebuffer(target.buffer);
  }

  dispose(): void {
    for (const batch of [...this.#sent.keys()]) this.drop(batch);
    for (const texture of this.#veils.values()) this.#gl.deleteTexture(texture);
    this.#free(this.#kept);
    this.#free(this.#spare);
    [this.#kept, this.#spare, this.#work] = [null, null, null];
    this.#gl.getExtension('WEBGL_lose_context')?.loseContext();
  }
}
