/** The end of an id tells connections apart as well as the whole of it; the log shows the same. */
export const shortId = (id) => (id === undefined ? '' : `…${id.slice(-4)}`);

export const count = (number) => number.toLocaleString('en');

/** `4:12`, or `1:02:03` from an hour on. */
export function span(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (part) => String(part).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export function timeOfDay(at) {
  const time = new Date(at);
  return `${time.toLocaleTimeString('en-GB')}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}

export const millis = (ms) => (ms === undefined ? '' : ms < 10 ? ms.toFixed(1) : String(Math.round(ms)));

export const megabytes = (bytes) => `${Math.round(bytes / 1024 / 1024)} MB`;
