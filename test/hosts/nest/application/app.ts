import 'reflect-metadata'
import {
  type CanActivate,
  Controller,
  type DynamicModule,
  type ExecutionContext,
  Get,
  Header,
  HttpCode,
  type INestApplication,
  Inject,
  Injectable,
  Module,
  Param,
  Post,
  Query,
  Scope,
  SetMetadata,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common'
import { NestFactory, REQUEST } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { HealthCheckService, TerminusModule } from '@nestjs/terminus'
import { Cache, cacheOptions } from 'nearcache'
import { ResponseCache } from 'nearcache/http'
import {
  Cached,
  cacheResponses,
  cacheToken,
  InjectCache,
  Invalidates,
  NearcacheHealth,
  NearcacheModule,
} from 'nearcache/nest'

/** What has run. */
export const ran: string[] = []
export const held: { finish: (() => void) | undefined } = { finish: undefined }
export const names = new Map<number, string>([[1, 'Ada']])
export const responses = new ResponseCache({ maxBytes: '1mb' })
export const existing = new Cache<string, string>()

type User = { id: number; name: string | undefined }

@Injectable()
export class UserService {
  @InjectCache('pages') readonly pages!: Cache<string, string>

  constructor(@InjectCache('users') readonly users: Cache<number, User>) {}

  @Cached('users', { ttl: '1m', tags: (_user: User, id: number) => [`user:${id}`] })
  async find(id: number): Promise<User> {
    ran.push(`find ${id}`)
    const user = { id, name: names.get(id) }
    if (id === 2)
      await new Promise<void>((resolve) => {
        held.finish = resolve
      })
    return user
  }

  @Cached('pages')
  title(slug: string, language: string): string {
    ran.push(`title ${slug} ${language}`)
    return `${slug} in ${language}`
  }

  @Invalidates('users', { tags: (id: number) => [`user:${id}`] })
  async rename(id: number, name: string): Promise<void> {
    names.set(id, name)
    if (name === 'fail') throw new Error('after it was written')
  }

  @Invalidates('pages')
  rebuild(): string {
    return 'rebuilt'
  }
}

/** Made anew for each request. */
@Injectable({ scope: Scope.REQUEST })
export class TenantService {
  constructor(@Inject(REQUEST) private readonly request: { headers: Record<string, string> }) {}

  @Cached('pages', {
    key(this: TenantService, id: string) {
      return [this.request.headers['x-tenant'], id]
    },
  })
  async prices(id: string): Promise<string> {
    ran.push(`prices ${this.request.headers['x-tenant']} ${id}`)
    return `${this.request.headers['x-tenant']}'s ${id}`
  }
}

@Injectable()
class Guard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest().headers['x-banned'] === undefined
  }
}

@Controller()
@UseGuards(Guard)
class AppController {
  constructor(
    private readonly service: UserService,
    private readonly tenant: TenantService,
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(NearcacheHealth) private readonly caches: NearcacheHealth,
  ) {}

  @Get('users/:id')
  user(@Param('id') id: string): Promise<User> {
    return this.service.find(Number(id))
  }

  @Post('users/:id/:name')
  @HttpCode(200)
  async rename(@Param('id') id: string, @Param('name') name: string): Promise<string> {
    await this.service.rename(Number(id), name)
    return 'renamed'
  }

  @Get('tenant/:id')
  prices(@Param('id') id: string): Promise<string> {
    return this.tenant.prices(id)
  }

  // The decorator stands above those of Nest: what they noted of the method holds.
  @Cached('pages')
  @Get('above')
  @Header('x-kept', 'yes')
  @SetMetadata('kind', 'page')
  above(): { above: number } {
    ran.push('above')
    return { above: ran.length }
  }

  @Get('health')
  check(): Promise<object> {
    return this.health.check([() => this.caches.check()])
  }

  @Get('responses/said')
  @Header('cache-control', 'max-age=60')
  said(@Query('n') n: string): object {
    ran.push(`said ${n}`)
    return { said: n, at: ran.length }
  }

  @Get('responses/silent')
  silent(): string {
    ran.push('silent')
    return `silent ${ran.length}`
  }

  @Get('responses/route')
  @UseInterceptors(cacheResponses(responses, { ttl: '1m', staleWhileRevalidate: '1m', tags: ['route'] }))
  route(): object {
    ran.push('route')
    return { route: ran.length }
  }

  @Post('responses/route')
  change(): string {
    return 'changed'
  }

  @Get('responses/failing')
  @UseInterceptors(cacheResponses(responses, { ttl: '1m', staleIfError: '1h' }))
  failing(): object {
    ran.push('failing')
    if (ran.filter((one) => one === 'failing').length > 1) throw new Error('down')
    return { failing: 'once' }
  }
}

class Settings {
  readonly users = 100
}
@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

const pages = cacheOptions<string, string>({ maxEntries: 100 })
export const modules: Record<string, () => DynamicModule> = {
  forRoot: () => NearcacheModule.forRoot({ caches: { users: { maxEntries: 100 }, pages, existing } }),
  forRootAsync: () =>
    NearcacheModule.forRootAsync({
      names: ['users', 'pages', 'existing'],
      imports: [SettingsModule],
      inject: [Settings],
      useFactory: async (settings: Settings) => ({ users: { maxEntries: settings.users }, pages, existing }),
    }),
  incomplete: () =>
    NearcacheModule.forRootAsync({ names: ['users', 'pages'], useFactory: () => ({ pages }) }),
}

export interface Opened {
  readonly app: INestApplication
  readonly url: string
}

export async function open(platform: 'express' | 'fastify', kind = 'forRoot'): Promise<Opened> {
  @Module({
    imports: [modules[kind]!(), TerminusModule.forRoot({ logger: false })],
    controllers: [AppController],
    providers: [UserService, TenantService],
  })
  class AppModule {}
  const settings = { logger: false, abortOnError: false } as const
  const app =
    platform === 'express'
      ? await NestFactory.create(AppModule, settings)
      : await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), settings)
  app.useGlobalInterceptors(cacheResponses(responses))
  await app.listen(0, '127.0.0.1')
  return { app, url: await app.getUrl() }
}

export { cacheToken }
