/** Numbers as people read them. */

/** 1234567 → "1,234,567". */
export function count(value: number): string {
  // toLocaleString loads all it knows of languages first, which takes 12 ms.
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "1 file", "1,234 files". */
export function filesText(files: number): string {
  return `${count(files)} ${files === 1 ? "file" : "files"}`;
}

/** Bytes in the decimal units that hosts count in: "0 B", "12 KB", "1.2 MB". */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["KB", "MB", "GB", "TB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 9.95 ? Number(value.toFixed(1)) : Math.round(value)} ${units[unit]}`;
}

/** Milliseconds: "0.08 s", "2.3 s", "42 s", "3 min 5 s", "2 h 10 min". */
export function durationText(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 1) return `${seconds.toFixed(2)} s`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A limit of time, in words: "500 milliseconds", "90 seconds", "10 minutes". */
export function timeLimitText(ms: number): string {
  if (ms < 1000) return `${ms} milliseconds`;
  const [number, unit] = ms % 60_000 === 0 ? [ms / 60_000, "minute"] : [Math.round(ms / 1000), "second"];
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
}

/** A limit of size, in the binary units of the configuration: "64 MB", "1.5 GB". */
export function sizeLimitText(bytes: number): string {
  const power = Math.min(4, Math.max(0, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)));
  return `${Number((bytes / 1024 ** power).toFixed(1))} ${["bytes", "KB", "MB", "GB", "TB"][power]}`;
}
