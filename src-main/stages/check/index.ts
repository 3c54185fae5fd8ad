export { checkLayout } from './check-layout.ts';
export * from './types.ts';
