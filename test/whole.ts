// Whether everything is run: `npm run test:all`, or a run that writes what is kept of it. `npm test` leaves out variations of what it shows already.

export const isWhole: boolean = process.env.POSTERN_TEST_ALL !== undefined || process.env.UPDATE === '1'
