/** Short and other forms of given names: whoever bears one of a line may write another one of it. Folded; a name may stand in several lines. */
const FORMS = `
abigail abby abbie gail
abraham abe bram ibrahim
adelaide addie heidi
albert al bert bertie
alexander alex alec sandy sasha xander alejandro aleksandr alessandro alexandre sandro
alexandra alex sandra sasha lexi lexie alexa aleksandra
alfred alf alfie fred freddie
alice alicia ally
amanda mandy
amelia amy millie emily
andrew andy drew andreas andre andrei andrzej andres
angela angie
anna ann anne annie hannah ana anya nancy nan
anthony tony antonio anton antoine ant
antonia toni tonia
archibald archie
arthur art artie
augustus gus august
barbara barb babs barbie basia
bartholomew bart
beatrice bea trixie beatriz
benjamin ben benny benji
bernard bernie bernhard
bradley brad
caleb cal
cameron cam
caroline carol carrie caro carolyn karoline
catherine cathy kate katie cath katherine kathryn kathy kat kitty kathleen katharine katarina catalina ekaterina kasia katya
cecilia cissy celia
charles charlie chuck chas carlos karl carl charly carlo
charlotte lottie charlie lotte
christian chris christiaan
christina chris tina christine chrissie kristina kirsten kristin
christopher chris kit topher kris christoph cristobal
clara clare claire klara
constance connie
cornelius neil con
cynthia cindy
daniel dan danny danilo
danielle dani
david dave davy davey dawid
deborah deb debbie debra
dennis denny denis
diana di diane
dominic dom nick dominik
donald don donny
dorothy dot dolly dottie dora
douglas doug
edmund ed ned eddie ted
edward ed eddie ted ned teddy eduardo edouard
edwin ed eddie
eleanor ellie nell nellie nora ella elinor lena
elizabeth liz lizzie beth betty eliza libby elisabeth bess betsy lisa elsie isabel lilibet elsbeth elspeth
ellen nell nellie helen ellie
emily em emmy millie
emma em emmy
ernest ernie ernst
eugene gene evgeny
evelyn eve evie
ezekiel zeke
faisal faysal feisal
florence flo flossie florrie
frances fran francesca franny fanny frankie
francis frank frankie francisco franz francois
frederick fred freddie freddy rick frederic friedrich fritz
gabriel gabe
gabrielle gabby gaby
george georgie jorge georg yuri giorgio
georgina georgie gina georgia
gerald gerry jerry gerhard
geoffrey geoff jeff jeffrey
gilbert gil bert
gillian gill jill
grace gracie
gregory greg gregor grigory
gwendolyn gwen wendy
harold harry hal
harriet hattie harry
helen helena nell ellen elena lena
henry harry hank hal henri heinrich enrique hendrik henryk
herbert bert herb
howard howie
hubert hugh bert
hugh hughie hugo
isabella isabel bella izzy isabelle izzie belle
isaac ike
jacob jake jakob
jacqueline jackie jacqui
james jim jimmy jamie jem jaime
jane janie jenny janet
janet jan jane
jason jay
jean jeannie
jeffrey jeff geoff
jennifer jen jenny jenn
jeremiah jerry
jeremy jem jerry
jessica jess jessie
joan joanie
joanna jo joanne joann joana
john jack johnny jon johan johann juan jean giovanni ivan jan ian hans sean johnnie
jonathan jon jonny nathan
joseph joe joey jose josef giuseppe jo youssef yusuf
josephine jo josie
joshua josh
judith judy
julia julie jules juliet
julian jules
katherine kate katie kathy kat kitty kay
kenneth ken kenny
kimberly kim
lawrence larry laurie lars laurence lorenzo lorenz
leonard len lenny leo leon
leslie les lesley
lewis lew louis lou luis ludwig
lillian lily lil
louise lou lulu
lucy lucia lou lucie
madeleine maddie madeline
magdalena magda lena maggie
margaret maggie meg peggy marge margie greta rita daisy madge margot margarita margarete
maria mary marie mia mariya
mark marc marcus marco marek
martha marty mattie
martin marty
mary molly polly may mamie maria marie
matilda tilly mattie tilda
matthew matt matty mateo matthias mathieu matteo
maximilian max
maxwell max
megan meg
melissa mel missy
michael mike mick mickey micky michel miguel mikhail michal mikael mitch
michelle shelly chelle
mildred millie
miranda mandy randy
mohammed mohamed muhammad mohammad mo mehmet muhammed
montgomery monty
nancy nan ann
natalie nat natalia natasha
nathaniel nathan nat nate
nathan nat nate
nicholas nick nicky nicolas nikolai klaus nico
nicole nicky nikki nicola
norman norm
oliver ollie olly noll
olivia liv livvy
oswald ozzie
pamela pam
patricia pat patty tricia trish patsy
patrick pat paddy patricio
paul paulo pablo pavel pawel
penelope penny
peter pete pedro pierre pietro pyotr piotr
philip phil phillip pip philipp felipe philippe
phyllis phyl
prudence pru
rachel rae raquel
randolph randy
raymond ray
rebecca becky becca
reginald reg reggie
richard rick dick rich richie ricky ricardo
robert bob rob bobby robbie bert roberto rupert robin
roberta bobbie robbie
roderick rod rory
rodney rod
roger rodge
ronald ron ronnie
rosalind ros rosie
rose rosie rosa
rosemary rose rosie
rudolph rudy rolf
russell russ
samantha sam sammy
samuel sam sammy
sarah sally sara sadie
sebastian seb bastian
sharon shaz
shirley shirl
sidney sid sydney
simon si simeon
sophia sophie sofia zofia
stanley stan
stephanie steph stefanie
stephen steve steven stevie stefan esteban etienne
susan sue susie suzie susanna suzanne suzy
sylvia sylvie silvia
tamara tammy
teresa terry tess theresa tessa therese
terence terry terrance
thaddeus tad
theodore theo ted teddy
thomas tom tommy tomas thom tomasz
timothy tim timmy
tobias toby
ursula uschi
valerie val
vasily basil
veronica vera ronnie roni
victor vic viktor
victoria vicky vic tori viktoria
vincent vince vinnie vincenzo
violet vi
virginia ginny ginger
vivian viv
vladimir vlad volodymyr
walter walt wally
wilfred wilf fred
wilhelmina mina billie willa
william bill will billy liam wilhelm willie guillermo guillaume willem
winifred winnie fred
winston win
yevgeny eugene zhenya
yvonne eve
zachary zach zack zak
`;

const LINES = new Map<string, Set<number>>();
for (const [index, line] of FORMS.trim().split('\n').entries())
  for (const form of line.split(' ')) {
    const lines = LINES.get(form);
    if (lines) lines.add(index);
    else LINES.set(form, new Set([index]));
  }
const FIRST: readonly string[] = FORMS.trim()
  .split('\n')
  .map((line) => line.slice(0, line.indexOf(' ')));

/** Forms of the name in other languages: whoever moves may bear them, but most who do are other people. */
const FOREIGN: ReadonlySet<string> = new Set(
  'alejandro aleksandr alessandro alexandre aleksandra andreas andre andrei andrzej andres ana anya antonio anton antoine beatriz bernhard carlos karl carl carlo klara katarina catalina ekaterina katya kasia christiaan cristobal christoph danilo dawid dominik eduardo edouard ernst evgeny francisco franz francois frederic friedrich fritz georg jorge yuri giorgio gerhard grigory heinrich henri enrique hendrik henryk ibrahim jakob johan johann juan jean giovanni jan ivan ian hans sean jose josef giuseppe youssef yusuf joana jaime lorenzo lorenz laurence luis ludwig lars leon marco marek marc mateo matthias mathieu matteo michel miguel mikhail michal mikael nikolai klaus nico nicolas pavel pawel paulo pablo pedro pierre pietro pyotr piotr philipp felipe philippe patricio ricardo roberto rupert rolf stefan esteban etienne sofia zofia tomas tomasz viktor viktoria vincenzo volymyr volodymyr vladimir wilhelm guillermo guillaume willem yevgeny zhenya basil marie maria mariya silvia isabel elena helena jo mehmet rosa'.split(
    ' ',
  ),
);

export function isForeignForm(a: string, b: string): boolean {
  return (FOREIGN.has(a) || FOREIGN.has(b)) && areForms(a, b);
}

export function areForms(a: string, b: string): boolean {
  const ours = LINES.get(a);
  const theirs = ours && LINES.get(b);
  if (!ours || !theirs) return false;
  for (const line of ours) if (theirs.has(line)) return true;
  return false;
}

/** Full forms of a given name, the name itself first; several where a short form is ambiguous. */
export function fullForms(given: string): string[] {
  const forms = new Set([given]);
  for (const line of LINES.get(given) ?? []) forms.add(FIRST[line] ?? given);
  return [...forms];
}
