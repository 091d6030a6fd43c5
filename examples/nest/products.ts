import {
  Body,
  Controller,
  Get,
  Injectable,
  Module,
  NotFoundException,
  type OnModuleDestroy,
  Param,
  ParseIntPipe,
  Put,
} from '@nestjs/common'
import { Cache } from 'nearcache'

export interface Product {
  id: number
  name: string
  cents: number
}

/** Stands for the database, and counts what it is asked. */
@Injectable()
export class ProductTable {
  readonly #rows = new Map<number, Product>([[1, { id: 1, name: 'Tea', cents: 350 }]])
  queries = 0

  async find(id: number): Promise<Product | undefined> {
    this.queries++
    await new Promise((done) => setTimeout(done, 20))
    return this.#rows.get(id)
  }

  async price(id: number, cents: number): Promise<void> {
    const row = this.#rows.get(id)
    if (row !== undefined) this.#rows.set(id, { ...row, cents })
  }
}

/** The cache is a provider: a class to inject, with the types of its keys and values. */
@Injectable()
export class ProductCache extends Cache<number, Product> implements OnModuleDestroy {
  constructor() {
    super({ maxEntries: 5_000, ttl: '1m', negativeTtl: '5s' })
  }

  onModuleDestroy(): void {
    this.close()
  }
}

@Injectable()
export class ProductService {
  constructor(
    private readonly table: ProductTable,
    private readonly products: ProductCache,
  ) {}

  async find(id: number): Promise<Product> {
    const product = await this.products.getOrLoad(id, (id) => this.table.find(id))
    if (product === undefined) throw new NotFoundException(`There is no product ${id}`)
    return product
  }

  async price(id: number, cents: number): Promise<void> {
    await this.table.price(id, cents)
    this.products.delete(id)
  }
}

@Controller('products')
export class ProductController {
  constructor(private readonly service: ProductService) {}

  @Get(':id')
  find(@Param('id', ParseIntPipe) id: number): Promise<Product> {
    return this.service.find(id)
  }

  @Put(':id/price')
  price(@Param('id', ParseIntPipe) id: number, @Body() { cents }: { cents: number }): Promise<void> {
    return this.service.price(id, cents)
  }
}

@Module({
  controllers: [ProductController],
  providers: [ProductTable, ProductCache, ProductService],
})
export class ProductModule {}
