import { createRequire } from 'node:module'
import type { Served } from '../served.ts'
import { serveWith } from './express.ts'
import type { Site } from './site.ts'

const express = createRequire(import.meta.url)('express-4') as typeof import('express')

export const serve = (site: Site): Promise<Served> => serveWith(express, site)
