import type { DeliveryReport, SendReport } from 'yc-broadcast';

/** The report of a broadcast that has to have been sent by the call itself, not dispatched. */
export function sent(report: SendReport): DeliveryReport {
  if (report.kind === 'sent') return report;
  throw new Error(`broadcast ${report.id} was dispatched`);
}
