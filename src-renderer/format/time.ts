import { t } from '../texts/index.svelte.ts';

const two = (n: number): string => String(n).padStart(2, '0');

/** `0.45 s`, `12.3 s`, `4 min 05 s`, `2 h 03 min`; empty for null. */
export function formatSeconds(seconds: number | null): string {
  if (seconds === null) return '';
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/** An estimate, no finer than it is good: `about 20 s left`, `about 6 min left`. */
export function formatRemaining(seconds: number | null): string {
  if (seconds === null) return '';
  if (seconds < 55) return t('time.secondsLeft', { n: Math.max(5, Math.ceil(seconds / 5) * 5) });
  if (seconds < 5400) return t('time.minutesLeft', { n: Math.max(1, Math.round(seconds / 60)) });
  return t('time.hoursLeft', { n: (seconds / 3600).toFixed(1) });
}

export const formatMiB = (mib: number | null): string => (mib === null ? '' : `${Math.round(mib)} MiB`);

/** `19:22` today, `2026-11-22 19:22` else. */
export function formatDateTime(atMs: number, now = new Date()): string {
  const d = new Date(atMs);
  const time = `${two(d.getHours())}:${two(d.getMinutes())}`;
  if (d.toDateString() === now.toDateString()) return t('time.today', { time });
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${time}`;
}

export function formatClock(atMs: number): string {
  const d = new Date(atMs);
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}
