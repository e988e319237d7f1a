/** Where a simulated system is found by others than this process. */
export interface Place {
  /** Address that it listens on. */
  host: string;
  port: number;
  /** How others reach it. */
  url: string;
  /** What others must show. */
  secret: string;
}
