/** A client of the Query protocol, as the platform's reference describes it: forms in, XML out. */
import { AwsClient } from 'aws4fetch';

export interface QueryAnswer {
  readonly status: number;
  readonly xml: string;
  /** The texts of all elements of this name. */
  texts(name: string): string[];
}

export function queryClient(origin: string, accessKeyId = 'local') {
  const aws = new AwsClient({
    accessKeyId,
    secretAccessKey: 'local',
    service: 'sqs',
    region: 'ru-central1',
    retries: 0,
  });
  return async (action: string, parameters: Readonly<Record<string, string>>): Promise<QueryAnswer> => {
    const body = new URLSearchParams({ Action: action, Version: '2012-11-05', ...parameters }).toString();
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const answer = await aws.fetch(`${origin}/`, { method: 'POST', headers, body });
    const xml = await answer.text();
    return {
      status: answer.status,
      xml,
      texts: (name) =>
        [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text = '']) => text),
    };
  };
}
