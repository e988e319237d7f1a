import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';
import { openLmdbStateStore } from '@unsilo/state-store/lmdb';
const [dir,make]=process.argv.slice(2);
try {
let env=await openEnvironment({folder:dir!});
let log=openLmdbEventLog(env); let st=openLmdbStateStore(env);
if (make) { await log.declare([{name:'o',partitions:2,cleanup:'delete',retentionMs:1000}]);
for(let i=0;i<30;i++){ await log.append(Array.from({length:100},(_,k)=>({topic:'o',key:'k'+k,value:'x'.repeat(600)})));
 await st.commit('t',{put:Array.from({length:300},(_,k)=>({table:'a',key:'k'+(i*37+k)%3000,value:'v'.repeat(900)}))}); }
 } else {
 let n=0; for (const p of [0,1]) { let from:any=0; while(from!==undefined){const pg=await log.read({topic:'o',partition:p,from,limit:1000}); n+=pg.messages.length; from=pg.next;} }
 const r=await st.range('t','a',{limit:10000}); 
 await st.commit('t',{put:r.map(({key})=>({table:'a',key,value:'w'}))});
 await log.append(Array.from({length:100},(_,k)=>({topic:'o',key:'k'+k,value:'x'.repeat(600)})));
 console.log('read',n,r.length);
 }
await st.close(); await log.close(); await env.close();
} catch(e:any){ console.log('error',e.code,e.message.slice(0,140)); process.exit(3); }
