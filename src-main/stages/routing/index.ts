export { routeChip, route, type RouteResult, type RoutedChip } from './route.ts';
export {
  defaultRouteOptions,
  type RouteObserver,
  type RouteOptions,
  type RouteProgress,
  type RouteStats,
} from './options.ts';
export { serveBatches, type RoutePool, type WorkerSetup } from './batch.ts';
export type { UsageMap } from './crowding.ts';
export { verifyRouting } from './verify.ts';
export type * from './types.ts';
