// The host's own tests look for its types here.
export type { CacheAxiosResponse } from 'axios-cache-interceptor'
