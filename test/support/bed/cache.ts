/** Where images and container state are kept between runs: CULVERT_TEST_CACHE, or /var/cache/culvert-test. */
export function cacheFolder(): string {
  return process.env['CULVERT_TEST_CACHE'] || '/var/cache/culvert-test';
}
