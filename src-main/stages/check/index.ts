export { checkLayout } from './check-layout.ts';
export * from './types.ts';
export { pinLocations, type PinLocation, type PinLocations } from './pin-locations.ts';
export { writeLyrdb } from './lyrdb.ts';
export { routingRules, type RoutingRules } from './routing-rules.ts';
