/** How every SDK client is made here: over the pipe, without retries, without a circuit breaker. */
import { CircuitBreaker, NoRetryConfigurationDetails, type ClientConfiguration, type HttpClient } from 'oci-common'

/** Second argument of every SDK client: what it would do by itself, it must not. */
export function quiet(): ClientConfiguration {
  return { retryConfiguration: NoRetryConfigurationDetails, circuitBreaker: new CircuitBreaker({ disableClientCircuitBreaker: true }) }
}

/** First argument of every SDK client. */
export function over(httpClient: HttpClient): { httpClient: HttpClient } {
  return { httpClient }
}
