// Runs the doctor on a lab as a person would who has a password: signed in by plain forms, as if on the internet.

import { createFetchBrowser } from '../../../src/client/browser-fetch.ts'
import { claudeHosted } from '../../../src/client/surfaces/claude-hosted.ts'
import { type DoctorOptions, doctor } from '../../../src/doctor/doctor.ts'
import type { DoctorReport } from '../../../src/doctor/report.ts'
import { type Lab, user } from './lab.ts'

/** A lab answers at once or never: what is not there by then will not come. */
const deadlineSeconds = 0.3

export function examineLab(lab: Lab, options: Partial<DoctorOptions> = {}): Promise<DoctorReport> {
  return doctor({
    url: lab.url,
    surface: claudeHosted,
    fetch: lab.fetch,
    network: lab.network,
    browser: createFetchBrowser(user),
    openCallback: async ({ preferredPort }) => ({
      port: preferredPort ?? 33418,
      received: new Promise(() => undefined),
      close: async () => undefined,
    }),
    asIfPublic: true,
    clock: () => lab.clock.now,
    stopwatch: lab.stopwatch,
    deadlineSeconds,
    ...options,
  })
}
