import type { DeliveryReport, Forecast, SendReport } from '../../index.js';
import type { Palette } from '../terminal/palette.js';

/** A delivery report for people. */
export function reportText(report: SendReport, paint: Palette): string {
  if (report.kind === 'dispatched') {
    const [shards, expected] = [report.shards, report.expected].map((count) => count.toLocaleString('en'));
    return `  dispatched to workers in ${shards} jobs, ${expected} connections expected\n`;
  }
  const { delivered, stale, failed, skipped } = report;
  const lines = [
    row('delivered', delivered, pace(report)),
    row('stale', stale, stale === 0 ? '' : `${report.removed.toLocaleString('en')} removed from the store`),
    row('failed', failed, codesOf(report), failed === 0 ? undefined : (text) => paint('yellow', text)),
    row('skipped', skipped, skipped === 0 && report.complete ? '' : whyStopped(report)),
    ...reasonsOf(report).map((reason) => `    ${reason}`),
    ...(report.storeError === undefined ? [] : [`    the store: ${report.storeError.message}`]),
    ...(report.cursor === undefined ? [] : ['', `  to go on: --resume ${report.cursor}`]),
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function row(
  label: string,
  count: number,
  remark: string,
  style: (text: string) => string = (text) => text,
): string {
  return `  ${style(`${label.padEnd(10)} ${count.toLocaleString('en').padStart(11)}`)}   ${remark}`;
}

function pace({ delivered, durationMs, latencyMs }: DeliveryReport): string {
  if (delivered === 0) return '';
  const perSecond = Math.round((delivered * 1000) / Math.max(1, durationMs)).toLocaleString('en');
  return `in ${(durationMs / 1000).toFixed(1)} s, ${perSecond}/s, p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms`;
}

function codesOf({ codes }: DeliveryReport): string {
  return Object.entries(codes)
    .map(([code, count]) => `${code} ${count.toLocaleString('en')}`)
    .join(', ');
}

const WHY: Readonly<Record<DeliveryReport['stoppedBy'], string>> = {
  done: '',
  deadline: 'the deadline was reached',
  signal: 'it was stopped',
  expired: 'the message had expired',
  store: 'the store failed',
  gateway: 'the gateway cannot be reached',
};

function whyStopped({ stoppedBy, uncounted = false }: DeliveryReport): string {
  return `${uncounted ? 'and those after them, who were not counted: ' : ''}${WHY[stoppedBy]}`;
}

/** The failures that the report names, equal ones together. */
function reasonsOf({ failures }: DeliveryReport): string[] {
  const counts = new Map<string, number>();
  for (const { code, reason, attempts } of failures) {
    const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
    const text = `${withoutCode(code, reason)} (${code}, ${tries})`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].map(([text, count]) => (count === 1 ? text : `${text}, ${count} of those named`));
}

/** Messages of our errors begin with their code. */
function withoutCode(code: string, reason: string): string {
  return reason.startsWith(`${code}: `) ? reason.slice(code.length + 2) : reason;
}

/** What a broadcast would take, for people. */
export function forecastText({
  recipients,
  calls,
  bytes,
  seconds,
  pace: { perSecond, measured },
  fitsDeadline,
}: Forecast): string {
  const basis = measured ? 'measured' : 'an estimate: nothing was sent yet';
  const lines = [
    row('recipients', recipients, ''),
    row('calls', calls, ''),
    row('bytes', bytes, ''),
    row('seconds', Math.ceil(seconds), `at ${Math.round(perSecond).toLocaleString('en')}/s, ${basis}`),
    ...(fitsDeadline === undefined ? [] : [`  ${fitsDeadline ? 'fits into' : 'does not fit into'} the time`]),
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}
