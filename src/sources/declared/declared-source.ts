/** A sender that slipway.yaml declares, as a source: verified, named and admitted by its definition. */
export type { Verifier, VerifierDeps } from "./verifier.ts";
