// The host's own tests look for its types here.
export type { AxiosStorage } from 'axios-cache-interceptor'
