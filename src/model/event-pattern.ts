/** Patterns of names of events, as slipway.yaml has them: a name, or how some begin. */

/** "entry.*" fits whatever begins with "entry."; all else only itself. */
export function fitsPattern(pattern: string, event: string): boolean {
  return pattern.endsWith("*") ? event.startsWith(pattern.slice(0, -1)) : pattern === event;
}
