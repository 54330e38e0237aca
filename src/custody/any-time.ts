/**
 * As the `date` of openpgp.js: nothing is held against a clock. It takes null for that (its `normalizeDate` lets it pass, and its checks skip it), which its types
 * do not say.
 */
export const AT_ANY_TIME = null as unknown as Date
