/** One turn of the tide. Heights are in metres above chart datum. */
export type Tide = { readonly turn: "high" | "low"; readonly time: string; readonly metres: number };

export type TideDay = { readonly day: string; readonly tides: readonly Tide[] };

export const TIDE_TABLE: readonly TideDay[] = [
  {
    day: "Monday",
    tides: [
      { turn: "high", time: "03:12", metres: 4.1 },
      { turn: "low", time: "09:24", metres: 0.8 },
      { turn: "high", time: "15:41", metres: 4.3 },
      { turn: "low", time: "21:50", metres: 0.6 },
    ],
  },
  {
    day: "Tuesday",
    tides: [
      { turn: "high", time: "04:01", metres: 4.4 },
      { turn: "low", time: "10:13", metres: 0.5 },
      { turn: "high", time: "16:27", metres: 4.6 },
      { turn: "low", time: "22:38", metres: 0.3 },
    ],
  },
  {
    day: "Wednesday",
    tides: [
      { turn: "high", time: "04:48", metres: 4.7 },
      { turn: "low", time: "11:02", metres: 0.2 },
      { turn: "high", time: "17:14", metres: 4.8 },
      { turn: "low", time: "23:25", metres: 0.1 },
    ],
  },
];

/** The difference between the highest and the lowest water of a day, in metres. */
export function rangeOf(day: TideDay): number {
  const heights = day.tides.map((tide) => tide.metres);
  return Math.max(...heights) - Math.min(...heights);
}
