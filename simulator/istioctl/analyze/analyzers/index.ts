import type { Analyzer } from '../world.ts'
import { destinationRuleAnalyzers } from './destination-rule.ts'
import { gatewayAnalyzers } from './gateway.ts'
import { injectionAnalyzers } from './injection.ts'
import { deprecationAnalyzers, schemaAnalyzers } from './schema.ts'
import { selectorAnalyzers } from './selectors.ts'
import { serviceAnalyzers } from './service.ts'
import { virtualServiceAnalyzers } from './virtual-service.ts'

/** All analyzers of this build. */
export const analyzers: readonly Analyzer[] = [
  ...virtualServiceAnalyzers,
  ...destinationRuleAnalyzers,
  ...gatewayAnalyzers,
  ...injectionAnalyzers,
  ...serviceAnalyzers,
  ...selectorAnalyzers,
  ...schemaAnalyzers,
  ...deprecationAnalyzers,
]
