import { describe, expect, it, vi } from 'vitest'
import { open, settings } from './support.ts'

describe.each(settings)('events: $title', (setting) => {
  it('39. an error of the listener is printed where there is no onError, or where that fails too', () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {})
    const fail = (message: string) => () => {
      throw new Error(message)
    }
    const cache = open<string, number>(setting, { onRemoval: fail('listener') })
    cache.set('k', 1)
    cache.delete('k')
    expect(print).toHaveBeenCalledOnce()
    const worse = open<string, number>(setting, { onRemoval: fail('listener'), onError: fail('onError') })
    worse.set('k', 1)
    worse.delete('k')
    expect(print).toHaveBeenCalledTimes(2)
    print.mockRestore()
  })
})
