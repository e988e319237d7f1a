/**
 * One switch for each rule of SYNC that only a counterexample explains. The hub runs with all of them on; the test kit turns one off
 * at a time to show that a named test then fails (SYNC section 9.18).
 */
export interface RuleSwitches {
  /** 2.3: runs that our own write began are no testimony. */
  echoes: boolean;
  /** 2.3: a declared rewriting that follows an echo continues it. */
  rewritingContinuesEcho: boolean;
  /** 2.3: what stands between a write and its read-back, and is explained by it, is an echo. */
  readBackWindow: boolean;
  /** 2.4: nothing behind an open command testifies yet. */
  holdBehindOpenCommand: boolean;
  /** 2.6: who edits what the hub wrote has seen it. */
  editsHaveSeenWrites: boolean;
  /** 2.6: a first observation counts from the creation of its record. */
  firstObservationFromCreation: boolean;
  /** 4.2: a clear withdraws older statements. */
  clearsWithdraw: boolean;
  /** 4.3: a withdrawn consent wins. */
  withdrawalWins: boolean;
  /** 5.1: one open command for each ref. */
  oneOpenCommand: boolean;
  /** 5.1: after a conflict, wait for a newer version. */
  waitAfterConflict: boolean;
  /** 5.2: write also where the winner is the system's own earlier value. */
  writeOwnValueBack: boolean;
  /** 5.3: clear what we sent when nobody states anything any more. */
  clearOrphanedEchoes: boolean;
  /** 5.4: don't repeat what the system has answered by rewriting it. */
  acknowledgeRewriting: boolean;
  /** 5.4: project declared rewritings before comparing. */
  projectRewritings: boolean;
  /** 5.5: retry a rejected command field by field. */
  splitRejected: boolean;
  /** 5.6: quarantine a field after too many sends of one value. */
  quarantine: boolean;
  /** 6.1: create once for each customer and system. */
  createOnce: boolean;
  /** 6.2: any ref that a customer ever had in a system suppresses creating there. */
  neverRecreate: boolean;
}

export const rules: Readonly<RuleSwitches> = {
  echoes: true,
  rewritingContinuesEcho: true,
  readBackWindow: true,
  holdBehindOpenCommand: true,
  editsHaveSeenWrites: true,
  firstObservationFromCreation: true,
  clearsWithdraw: true,
  withdrawalWins: true,
  oneOpenCommand: true,
  waitAfterConflict: true,
  writeOwnValueBack: true,
  clearOrphanedEchoes: true,
  acknowledgeRewriting: true,
  projectRewritings: true,
  splitRejected: true,
  quarantine: true,
  createOnce: true,
  neverRecreate: true,
};
