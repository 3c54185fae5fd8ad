/**
 * WebGL2: one instanced rectangle per shape from static buffers. A picture sends a few numbers for the camera and one
 * draw per batch; geometry is uploaded once. Rectangles thinner than a pixel are widened to one and
 * made fainter by as much, so that a crowd of thin wires shows as the density it is.
 */
import type { Rgb } from './colours.ts';
import type { Batch } from './scene.ts';

export interface Layered {
  readonly batch: Batch;
  readonly colour: Rgb;
  readonly alpha: number;
  readonly count: number;
}

export interface Frame {
  readonly x: number;
  readonly y: number;
  /** Device pixels per DBU. */
  readonly scale: number;
  readonly width: number;
  readonly height: number;
  readonly background: Rgb;
}

export interface Painter {
  readonly kind: 'WebGL2' | 'Canvas2D';
  /** Bytes of geometry sent to the card so far; does not grow by panning. */
  uploadedBytes(): number;
  draw(frame: Frame, layers: readonly Layered[]): void;
  /** Forgets a batch that is no longer drawn. */
  drop(batch: Batch): void;
  /** Waits until the picture is really drawn. */
  finish(): void;
  dispose(): void;
}

const VERTEX = `#version 300 es
layout(location=0) in vec2 corner;
layout(location=1) in vec4 rect;
layout(location=2) in vec4 own;
uniform vec2 centre; uniform vec2 scale; uniform vec2 pixel; uniform vec4 paint; uniform float hasOwn;
out vec4 shade;
void main() {
  vec2 a = (rect.xy - centre) * scale, b = (rect.zw - centre) * scale;
  vec2 size = b - a, wide = max(size, pixel);
  vec2 mid = 0.5 * (a + b);
  vec2 cover = min(vec2(1.0), size / pixel);
  float faint = max(cover.x * cover.y, 0.04);
  gl_Position = vec4(mid + (corner - 0.5) * wide, 0.0, 1.0);
  shade = hasOwn > 0.5 ? vec4(own.rgb, paint.a * faint) : vec4(paint.rgb, paint.a * faint);
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 shade; out vec4 colour;
void main() { colour = vec4(shade.rgb * shade.a, shade.a); }`;

/** Null where WebGL2 cannot be had. */
export function glPainter(canvas: HTMLCanvasElement): Painter | null {
  const gl = canvas.getContext('webgl2', {
    alpha: false,
    antialias: false,
    depth: false,
    powerPreference: 'high-performance',
  });
  if (!gl) return null;
  const program = link(gl);
  if (!program) return null;
  const at = (name: string): WebGLUniformLocation | null => gl.getUniformLocation(program, name);
  const uniforms = {
    centre: at('centre'),
    scale: at('scale'),
    pixel: at('pixel'),
    paint: at('paint'),
    hasOwn: at('hasOwn'),
  };
  const corners = gl.createBuffer();
  gl.bindBuffer(gl.ARRAY_BUFFER, corners);
  gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]), gl.STATIC_DRAW);
  const arrays = new Map<Batch, { vao: WebGLVertexArrayObject; buffers: WebGLBuffer[] }>();
  let uploaded = 0;

  function upload(batch: Batch): WebGLVertexArrayObject {
    const known = arrays.get(batch);
    if (known) return known.vao;
    const vao = gl!.createVertexArray();
    gl!.bindVertexArray(vao);
    gl!.bindBuffer(gl!.ARRAY_BUFFER, corners);
    gl!.enableVertexAttribArray(0);
    gl!.vertexAttribPointer(0, 2, gl!.FLOAT, false, 0, 0);
    const buffers = [gl!.createBuffer()];
    gl!.bindBuffer(gl!.ARRAY_BUFFER, buffers[0]);
    gl!.bufferData(gl!.ARRAY_BUFFER, batch.rects, gl!.STATIC_DRAW);
    gl!.enableVertexAttribArray(1);
    gl!.vertexAttribPointer(1, 4, gl!.INT, false, 0, 0);
    gl!.vertexAttribDivisor(1, 1);
    uploaded += batch.rects.byteLength;
    if (batch.colours) {
      const own = gl!.createBuffer();
      buffers.push(own);
      gl!.bindBuffer(gl!.ARRAY_BUFFER, own);
      gl!.bufferData(gl!.ARRAY_BUFFER, batch.colours, gl!.STATIC_DRAW);
      gl!.enableVertexAttribArray(2);
      gl!.vertexAttribPointer(2, 4, gl!.UNSIGNED_BYTE, true, 0, 0);
      gl!.vertexAttribDivisor(2, 1);
      uploaded += batch.colours.byteLength;
    }
    arrays.set(batch, { vao, buffers });
    return vao;
  }

  return {
    kind: 'WebGL2',
    uploadedBytes: () => uploaded,
    draw(frame, layers) {
      const [r, g, b] = frame.background;
      gl.viewport(0, 0, frame.width, frame.height);
      gl.clearColor(r / 255, g / 255, b / 255, 1);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.enable(gl.BLEND);
      gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
      gl.useProgram(program);
      gl.uniform2f(uniforms.centre, frame.x, frame.y);
      gl.uniform2f(uniforms.scale, (2 * frame.scale) / frame.width, (2 * frame.scale) / frame.height);
      gl.uniform2f(uniforms.pixel, 2 / frame.width, 2 / frame.height);
      for (const { batch, colour, alpha, count } of layers) {
        if (count === 0) continue;
        gl.bindVertexArray(upload(batch));
        gl.uniform4f(uniforms.paint, colour[0] / 255, colour[1] / 255, colour[2] / 255, alpha);
        gl.uniform1f(uniforms.hasOwn, batch.colours ? 1 : 0);
        gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count);
      }
    },
    drop(batch) {
      const known = arrays.get(batch);
      if (!known) return;
      gl.deleteVertexArray(known.vao);
      known.buffers.forEach((buffer) => gl.deleteBuffer(buffer));
      arrays.delete(batch);
    },
    finish() {
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    },
    dispose() {
      for (const batch of [...arrays.keys()]) this.drop(batch);
      gl.getExtension('WEBGL_lose_context')?.loseContext();
    },
  };
}

function link(gl: WebGL2RenderingContext): WebGLProgram | null {
  const program = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(kind);
    if (!shader) return null;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) ? program : null;
}
