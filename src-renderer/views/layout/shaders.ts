/** The programs of the WebGL2 painter: rectangles out of a texture, a kept picture, coverage. */

export const VERTEX = `#version 300 es
precision highp float;
precision highp int;
uniform highp isampler2D rects;
uniform sampler2D own;
uniform ivec4 whole; uniform vec2 rest; uniform vec2 scale; uniform vec2 pixel; uniform vec4 paint;
uniform int hasOwn; uniform int first;
out vec4 shade;
void main() {
  int id = first + (gl_VertexID >> 2);
  ivec2 texel = ivec2(id & 2047, id >> 11);
  vec2 corner = vec2(gl_VertexID & 1, (gl_VertexID >> 1) & 1);
  vec4 rect = vec4(texelFetch(rects, texel, 0) - whole) - rest.xyxy;
  vec2 a = rect.xy * scale, b = rect.zw * scale;
  vec2 size = b - a, wide = max(size, pixel);
  vec2 cover = min(vec2(1.0), size / pixel);
  float faint = max(cover.x * cover.y, 0.04);
  gl_Position = vec4(0.5 * (a + b) + (corner - 0.5) * wide, 0.0, 1.0);
  vec3 colour = hasOwn == 1 ? texelFetch(own, texel, 0).rgb : paint.rgb;
  shade = vec4(colour * paint.a * faint, paint.a * faint);
}`;

export const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 shade; out vec4 colour;
void main() { colour = shade; }`;

export const PICTURE_VERTEX = `#version 300 es
uniform vec4 place;
out vec2 at;
void main() {
  at = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  gl_Position = vec4(place.xy + (2.0 * at - 1.0) * place.zw, 0.0, 1.0);
}`;

export const PICTURE_FRAGMENT = `#version 300 es
precision mediump float;
uniform sampler2D source;
in vec2 at; out vec4 colour;
void main() { colour = vec4(texture(source, at).rgb, 1.0); }`;

/** Red is how much is covered. */
export const VEIL_FRAGMENT = `#version 300 es
precision mediump float;
uniform sampler2D source; uniform vec4 paint;
in vec2 at; out vec4 colour;
void main() { float a = paint.a * texture(source, at).r; colour = vec4(paint.rgb * a, a); }`;

export function link(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram | null {
  const program = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
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
