import { RateClass } from "../../gen/ts/trunkline/v1/policy_pb.js";
import type { RateLimits } from "../policy/limit.js";

const fiveMinutesMs = 5 * 60 * 1000;

/** The rates of a caller where settings give no others: those of the public API's convention, 1200 in 5 minutes, for changes. */
export const defaultRates: RateLimits = {
  [RateClass.READ]: { units: 6000, periodMs: fiveMinutesMs },
  [RateClass.WRITE]: { units: 1200, periodMs: fiveMinutesMs },
  [RateClass.BULK]: { units: 120, periodMs: fiveMinutesMs },
  [RateClass.CREDENTIAL]: { units: 120, periodMs: fiveMinutesMs },
};
