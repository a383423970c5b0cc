/** Why a number is not there: its section failed, or the service does not tell it at all. */

/** What stands where the numbers of a section would be that could not be read. */
export const MISSING = "These numbers are missing from the last scrape.";

/** What stands where numbers would be that the rest of their section came without. */
export const UNTOLD = "Switched off, or not told by this service.";

/** Return why a reading lacks numbers of a section. */
export function absence({ sections }, section) {
  return sections.some(({ name, success }) => name === section && !success) ? MISSING : UNTOLD;
}
