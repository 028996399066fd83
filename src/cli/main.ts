#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { isRespineError } from '../core/errors.js';
import { plainText, shortSentence } from '../core/sentence.js';
import { protocolNames } from '../evaluate/builtin-protocols.js';
import { tryFile, tryFolder } from '../node/files.js';
import { version } from '../node/version.js';
import { addStructureFlags, sliceSpacingHelp } from './dose-and-structures.js';
import { addDoseFlags } from './dose-options.js';
import { addFigureFlags } from './figure-options.js';
/**
 * The command line: thin commands over the library. Exit codes: 0 done, 1 a clinical goal fails under --strict or a plan of a study, 2 bad input (one sentence on stderr), 70 a bug of respine.
 */
import { flushed, print, say } from './output.js';
import { addProgressFlags, askProgress, endProgress, type ProgressFlags } from './progress-flags.js';

const NO_COMMAND = 'error: no command of respine is named. Plan with respine plan CASE.json; respine --help lists all.';
let code = 0;
const program = new Command('respine')
  .description(
    'Plans the re-irradiation of the spine and proves its numbers.\nResearch software, not for clinical use.',
  )
  .version(version)
  .exitOverride()
  .configureOutput({
    writeOut: print,
    // Only where help would stand in for an answer: no command, or help of one that is not there.
    writeErr: () => say(NO_COMMAND),
    outputError: (text) => say(shortSentence(text.trim())),
  })
  // Before anything is computed: what cannot be written must show now.
  .hook('preAction', async (_, command) => {
    const { out, picture, ...asked } = command.opts<{ out?: string; picture?: string } & ProgressFlags>();
    askProgress(asked);
    if (out !== undefined) await (isFileOut(command) ? tryFile(out) : tryFolder(out));
    if (picture !== undefined) await tryFile(picture);
  });

function isFileOut(command: Command): boolean {
  return command.options.some(({ flags }) => flags === '--out <file>');
}

program
  .command('plan')
  .description('plan a case with both techniques: doses, DVHs, goals, pictures')
  .argument('[case]', 'CASE.json; its fields are described in docs/case.md')
  .option(
    '--from <file>',
    'in place of a case: plan.json of an earlier run, whose doses are made again without optimising',
  )
  .option('--technique <name>', 'fcrt, imrt or both (default both, or those of --from)')
  .option('--weights <file>', 'IMRT of these weights, .npy, .csv or .json, one per beamlet; nothing is optimised')
  .option('--scale', 'with --weights: scale the plan down until every hard constraint holds')
  .option('--prove', 'with --weights: solve the case too, and say how far the plan is from the best')
  .option('--out <dir>', 'folder for all results', 'out')
  .option('--details', 'print all that is told of the plans, not one screen')
  .option(
    '--show-objectives',
    'plan nothing: print the objectives and constraints of the case in full, as CASE.json has them',
  )
  .option('--json', 'print plan.json instead of a table')
  .option('--strict', 'exit 1 where a goal is missed, or a plan is not proven to be near the best')
  .option('--time-limit <seconds>', 'of planning: then the best plans so far, with the gap that is proven')
  .option('--grid-check', "the same fluence on a grid of 1 mm around target and cord: what the plan's own grid hides")
  .option('--sensitivity', 'the same plans under uniform water, depth scaling and density scaling, with a picture')
  .option('--timing', 'where every second went, printed and in plan.json')
  .option('--dicom [bits]', 'the doses as RTDOSE in DIR/dicom, of 32 bits (default) or 16, beside CT and structures')
  .option('--isodoses <Gy>', 'with --dicom: isodose lines of each technique as an RTSTRUCT, with commas')
  .option('--report', 'all of it as one HTML file too, report.html, that needs no network: docs/report.md')
  .option('--no-pictures', 'leave the pictures out')
  .option('--colours <name>', 'of dose in the pictures: rainbow, or even, whose steps all look alike', 'rainbow')
  .option('--format <names>', 'of the pictures: png, svg, pdf, with commas', 'png')
  .option('--dpi <n>', 'pixels per inch of PNG, 24 to 768', '96')
  .action(async (path, options) => {
    const { planCommand } = await import('./plan.js');
    code = await planCommand(path, options);
  });

program
  .command('report')
  .description('one HTML file of an earlier plan, its doses made again: tables, planes to scroll through, DVHs to read')
  .argument('<plan>', 'plan.json of an earlier run, or its folder')
  .option('--out <file>', '.html file (default report.html beside plan.json)')
  .action(async (path, options) => {
    const { reportCommand } = await import('./report.js');
    code = await reportCommand(path, options);
  });

program
  .command('influence')
  .description('the influence of the IMRT beamlets as a sparse matrix for SciPy, Julia, MATLAB, with its tables')
  .argument('<case>', 'CASE.json; its fields are described in docs/case.md')
  .requiredOption('--out <dir>', 'folder for the matrix, beamlets.csv, voxels.csv, problem.json, README.txt')
  .option('--format <name>', 'npz (SciPy, compressed columns) or mtx (Matrix Market)', 'npz')
  .option('--cut <fraction>', 'leave out entries below this fraction of the largest of their column', '0')
  .option('--precision <name>', 'of the entries, float32 or float64', 'float32')
  .option('--voxels <names...>', 'planning, body, or names of structures', ['planning'])
  .option('--json', 'print influence.json instead of a summary')
  .action(async (path, options) => {
    const { influenceCommand } = await import('./influence.js');
    code = await influenceCommand(path, options);
  });

program
  .command('phantom')
  .description('voxelise a built-in phantom, or one from a .json file')
  .argument('<name>', 'e.g. spine-t8')
  .requiredOption('--out <dir>', 'folder for the files')
  .option('--format <name>', 'nrrd or dicom', 'nrrd')
  .option('--spacing <mm>', 'one or three numbers, x,y,z', '2')
  .option('--target <name>', 'body, body-pedicle, horseshoe or ring')
  .option('--side <name>', 'side of the lesion, left or right')
  .option('--noise <hu>', 'Gaussian noise on the CT numbers')
  .option('--seed <n>', 'of the noise', '1')
  .option('--dose <file>', 'with --format dicom: a dose of it too, NRRD in Gy, or the FIELDS.json to compute it from')
  .option('--isodoses <Gy>', 'with --dose: its isodose lines as an RTSTRUCT, with commas')
  .option('--json', 'print grid and volumes as JSON')
  .action(async (name, options) => {
    const { phantomCommand } = await import('./phantom.js');
    code = await phantomCommand(name, options);
  });

program
  .command('dose')
  .description('forward dose of explicit fields (rectangles, apertures, fluence maps), or of an RTPLAN on its CT')
  .argument('[fields]', 'FIELDS.json; its fields are described in docs/case.md')
  .option('--plan <file>', 'in place of fields: RTPLAN of photon beams, described in docs/rtplan.md')
  .option('--ct <dir>', 'with --plan: folder of the CT')
  .option('--structures <file>', 'with --plan: RTSTRUCT, of which the body is taken; otherwise found in the CT')
  .option('--machine <name>', 'with --plan: built in, or a machine .json (default artiste-6mv)')
  .option('--spacing <mm>', 'with --plan: of the dose grid, one or three numbers, x,y,z (default 3)')
  .option('--beams <numbers>', 'with --plan: only these beams, by number, with commas')
  .option('--group <number>', 'with --plan: fraction group, where there are several')
  .option('--leaf-transmission <fraction>', 'with --plan: of the open fluence, in place of that of the leaf bank')
  .option('--jaw-transmission <fraction>', 'with --plan: of the open fluence (default 0)')
  .option('--arc-step <degrees>', 'with --plan: between the static beams that stand for an arc (default 2)')
  .requiredOption('--out <file>', 'NRRD file for the dose; with --plan also an RTDOSE, .dcm')
  .option('--json', 'print beams, doses and flags as JSON instead of a table')
  .action(async (path, options) => {
    const { doseCommand } = await import('./dose.js');
    code = await doseCommand(path, options);
  });

addStructureFlags(program.command('dvh'))
  .description('volumes, metrics and DVHs of structures in a dose (DICOM or NRRD)')
  .option('--metrics <list...>', 'e.g. D95%[Gy] D0.03cc V20Gy[cc] Max[EQD2/2]; all usual ones otherwise')
  .option('--roi <names...>', 'only these structures, by their exact names')
  .option('--target <name>', 'conformity indices of this structure (with --prescription)')
  .option('--cord <name>', 'distance and dose fall-off from --target to this structure')
  .option('--out <dir>', 'folder for dvh.json, metrics.csv and the curves in dvh.csv')
  .option('--csv', 'print the metrics as CSV instead of a table')
  .option('--json', 'print JSON instead of a table')
  .action(async (options) => {
    const { dvhCommand } = await import('./dvh.js');
    code = await dvhCommand(options);
  });

addStructureFlags(program.command('check'))
  .description('check a dose against goals and protocols: pass, variation, fail, margin')
  .option('--goals <file>', 'GOALS.json; docs/evaluate.md describes its fields')
  .option('--protocol <names...>', `built-in: ${protocolNames.join(', ')}`)
  .option('--prior <course>', 'prior course as Gy,fractions,months: 38,19,17.7')
  .option('--out <dir>', 'folder for check.json and check.csv')
  .option('--csv', 'print CSV instead of a table')
  .option('--json', 'print JSON instead of a table')
  .option('--strict', 'exit 1 where a goal fails or cannot be evaluated')
  .action(async (options) => {
    const { checkCommand } = await import('./check.js');
    code = await checkCommand(options);
  });

addFigureFlags(addDoseFlags(program.command('render'), { hasPlan: true }))
  .description('pictures of any dose on any CT with any structures (DICOM or NRRD): planes, contact sheets, two plans')
  .requiredOption('--ct <dir>', 'folder of the CT, or an NRRD of HU')
  .requiredOption('--dose <file>', 'RTDOSE, or NRRD in Gy')
  .option('--structures <files...>', 'RTSTRUCT, NRRD masks (mask_NAME.nrrd, x.seg.nrrd), or a folder of them')
  .option('--roi <names...>', 'only these structures, by their exact names')
  .option('--against <file>', 'a second dose')
  .option('--as <name>', 'with --against: panels, lines (solid and dashed) or difference (second less first)', 'panels')
  .option('--prescription <gy>', '100 % of the isodoses; otherwise the maximum of the dose')
  .option('--eqd2 <gy>', 'show physical doses, and the prescription, as EQD2 with this alpha/beta')
  .option('--planes <names>', 'with commas', 'axial,sagittal,coronal')
  .option('--at <place>', 'where the planes cross: x,y,z in mm (LPS), or a structure; otherwise the target')
  .option('--crop <name>', 'only what lies around this structure, 45 mm, or NAME,mm')
  .option('--inset <name>', 'this small structure again, larger, beside the panel, with 10 mm around it, or NAME,mm')
  .option('--sheet <n>', 'in place of one plane of a kind, so many on a contact sheet')
  .option('--window <name>', 'of the CT: spine, soft, bone, lung, or level,width in HU', 'spine')
  .option('--levels <percents>', 'isodoses, with commas (default 107,95,75,50,30)')
  .option('--wash-from <percent>', 'colour the dose from here on (default 20)')
  .option('--end-slices <rule>', 'where contours end beyond the first and last slice: half-slice or none', 'half-slice')
  .option('--slice-spacing <mm>', 'thickness of what is drawn on one slice only; otherwise that of the CT')
  .option('--scale <n>', 'pixels per unit of the figure, 0.25 to 8, in place of --dpi')
  .requiredOption('--out <dir>', 'folder for the pictures')
  .option('--json', 'print JSON instead of the names of the files')
  .action(async (options) => {
    const { renderCommand } = await import('./render.js');
    code = await renderCommand(options);
  });

program
  .command('masks')
  .description('structures as voxels of a CT: NRRD masks, and one segmentation of 3D Slicer')
  .requiredOption('--structures <file>', 'RTSTRUCT')
  .requiredOption('--ct <dir>', 'folder of the CT, or an NRRD of HU: its voxels are those of the masks')
  .option('--roi <names...>', 'only these structures, by their exact names')
  .option('--end-slices <rule>', 'where contours end beyond the first and last slice: half-slice or none', 'half-slice')
  .option('--slice-spacing <mm>', 'thickness of what is drawn on one slice only; otherwise that of the CT')
  .requiredOption('--out <dir>', 'folder for hounsfield.nrrd, mask_NAME.nrrd, structures.seg.nrrd and masks.json')
  .option('--json', 'print JSON instead of a table')
  .action(async (options) => {
    const { masksCommand } = await import('./masks.js');
    code = await masksCommand(options);
  });

addDoseFlags(program.command('gamma'), { hasPlan: false })
  .description('gamma index between two doses (RTDOSE or NRRD): pass rate, statistics, map')
  .argument('<reference>', 'dose whose voxels are judged')
  .argument('<evaluated>', 'dose in which agreement is searched; its grid may be another')
  .requiredOption('--dose <percent>', 'dose criterion, of the reference maximum or, with --local, of each voxel')
  .requiredOption('--distance <mm>', 'distance to agreement')
  .option('--local', 'dose criterion relative to the reference dose of each voxel')
  .option('--threshold <percent>', 'leave out reference voxels below this percentage of the reference maximum', '10')
  .option('--cap <gamma>', 'largest gamma that is looked for', '2')
  .option('--out <file>', 'gamma map, .nrrd')
  .option('--json', 'print the figures as JSON')
  .action(async (reference, evaluated, options) => {
    const { gammaCommand } = await import('./gamma.js');
    code = await gammaCommand(reference, evaluated, options);
  });

addDoseFlags(program.command('compare'), { hasPlan: false })
  .description('compare two doses on any grids: difference, gamma, DVHs, metrics')
  .argument('<reference>', 'RTDOSE, or NRRD in Gy')
  .argument('<evaluated>', 'the same; differences are evaluated - reference')
  .option('--structures <files...>', 'RTSTRUCT, NRRD masks (mask_NAME.nrrd, x.seg.nrrd), or a folder of them')
  .option('--roi <names...>', 'only these structures, by their exact names')
  .option('--metrics <list...>', 'e.g. D95%[Gy] D0.03cc V20Gy[cc]; all usual ones otherwise')
  .option('--prescription <gy>', 'prescribed total dose, for percent of dose')
  .option('--end-slices <rule>', 'where contours end beyond the first and last slice: half-slice or none', 'half-slice')
  .option('--slice-spacing <mm>', sliceSpacingHelp)
  .option('--partial', 'compare also what lies only in part in a dose grid')
  .option('--dose <percent>', 'dose criterion of gamma', '3')
  .option('--distance <mm>', 'distance criterion of gamma', '3')
  .option('--local', 'dose criterion relative to the reference dose of each voxel')
  .option('--threshold <percent>', 'leave out voxels below this percentage of the reference maximum', '10')
  .option('--out <dir>', 'folder for compare.json, difference.nrrd, gamma.nrrd and dvh_band.csv')
  .option('--json', 'print JSON instead of tables')
  .action(async (reference, evaluated, options) => {
    const { compareCommand } = await import('./compare.js');
    code = await compareCommand(reference, evaluated, options);
  });

program
  .command('accumulate')
  .description('EQD2 or BED of several courses, voxel by voxel, each with its own grid, fractions and transform')
  .requiredOption('--courses <file>', 'COURSES.json; its fields are described in docs/case.md')
  .option('--out <dir>', 'folder for accumulate.json and the volume')
  .option('--dicom [bits]', 'with --out: the sum as RTDOSE too, of 32 bits (default) or 16, with the transforms as REG')
  .option('--json', 'print JSON instead of a table')
  .action(async (options) => {
    const { accumulateCommand } = await import('./accumulate.js');
    code = await accumulateCommand(options);
  });

program
  .command('trade-off')
  .description('best target coverage under several caps of the cord, of this course or of both: a table, a picture')
  .argument('<case>', 'CASE.json; its fields are described in docs/case.md')
  .option('--caps <Gy>', 'caps of this course (IMRT), with commas')
  .option('--cumulative <Gy>', "limits of both courses in EQD2 by the cord's alpha/beta, with commas")
  .option('--technique <name>', 'with --cumulative: fcrt, imrt or both (default both)')
  .option('--time-limit <seconds>', 'of each plan: then the best so far, whose row says time-limit')
  .option('--no-shifts', 'with --cumulative: leave out the maximum under shifts')
  .requiredOption(
    '--out <dir>',
    'folder for trade-off.csv and .png; with --cumulative cumulative.csv, .json, .svg, .png',
  )
  .option('--json', 'print the points as JSON instead of a table')
  .action(async (path, options) => {
    const { tradeOffCommand } = await import('./trade-off.js');
    code = await tradeOffCommand(path, options);
  });

program
  .command('beams')
  .description('beam angles for IMRT out of a set of candidates, with the distance from the best that is proven')
  .argument('<case>', 'CASE.json; its fields are described in docs/case.md')
  .option('--choose <n>', 'number of beams of the case that is written', '9')
  .option('--curve <from-to>', 'the best sets found of several numbers too, as 3-15')
  .option('--candidates <n|file>', 'gantry angles all around, or a .json list as imrt.beams has it', '36')
  .option('--couch <degrees>', 'couch angles at each of which there are as many, with commas (default 0)')
  .option('--time-limit <seconds>', 'of the search: then the best sets so far; their plans and the bound come on top')
  .requiredOption('--out <dir>', 'folder for CASE.json, beams.csv and beams.png')
  .option('--json', 'print JSON instead of a table')
  .action(async (path, options) => {
    const { beamsCommand } = await import('./beams.js');
    code = await beamsCommand(path, options);
  });

program
  .command('fractionation')
  .description('the prescription in other numbers of fractions, with the same effect, and what each asks of the cord')
  .argument('<case>', 'CASE.json; its fields are described in docs/case.md')
  .requiredOption('--fractions <n>', 'numbers of fractions, with commas')
  .option('--alpha-beta <gy>', "of the target; otherwise the case's alphaBeta.target")
  .option('--plan [technique]', 'plan every number, imrt or fcrt (default imrt)')
  .option('--time-limit <seconds>', 'with --plan: of each plan; then the best so far, whose row says time-limit')
  .requiredOption('--out <dir>', 'folder for fractionation.csv, .json, .svg, .png')
  .option('--json', 'print JSON instead of a table')
  .action(async (path, options) => {
    const { fractionationCommand } = await import('./fractionation.js');
    code = await fractionationCommand(path, options);
  });

program
  .command('study')
  .description(
    'many plans from one case whose parameters vary: a table with one row per plan, resumed where it is there',
  )
  .argument('<study>', 'STUDY.json; its fields are described in docs/case.md')
  .requiredOption('--out <dir>', 'folder for study.csv')
  .option('--jobs <n>', 'plans side by side (default as many as cores, fewer where memory is short)')
  .option('--plans <n>', 'how many plans the study is: above 10,000 a terminal is asked, and all else must say it')
  .option('--yes', 'however many plans the study is: nobody is asked')
  .option('--shard <i/n>', 'only every n-th plan from the i-th on: one of several machines')
  .option('--merge <dirs...>', 'plan nothing: put the tables of these folders into one')
  .option('--queue <url>', 'plan nothing here, but have the workers of this Redis do it: redis://HOST[:PORT][/DB]')
  .option('--no-inputs-on-queue', 'with --queue: workers read all files themselves, no contents lie on the Redis')
  .option('--row <key>', 'only the plan with this key, the first column of study.csv')
  .option('--summary', 'plan nothing: medians, paired differences, outliers, figures of the table, in DIR/summary')
  .option('--compare <names...>', 'with --summary: factors compared in pairs (default those of at most four levels)')
  .option('--retry', 'plan again what failed before')
  .option('--time-limit <seconds>', 'of each plan: then the best so far, whose row says time-limit')
  .option('--json', 'print the rows as JSON instead of a summary')
  .action(async (path, options) => {
    const { studyCommand } = await import('./study.js');
    code = await studyCommand(path, options);
  });

program
  .command('worker')
  .description('plans rows of studies that respine study --queue puts on a Redis, until Ctrl+C: docs/studies.md')
  .requiredOption('--queue <url>', 'redis://[:PASSWORD@]HOST[:PORT][/DB], or rediss:// for TLS')
  .option('--concurrency <n>', 'plans side by side (default as many as cores, fewer where memory is short)')
  .option('--inputs <dir>', "folder that stands for the study's own, whose files are checked by their hashes")
  .action(async (options) => {
    const { workerCommand } = await import('./worker.js');
    code = await workerCommand(options);
  });

program
  .command('validate')
  .description('re-run every comparison of the validation table')
  .option('--reference <dir>', 'folder with the reference data')
  .option('--out <dir>', 'folder for validation.md, validation.json and pictures')
  .option('--json', 'print JSON instead of the table')
  .action(async (options) => {
    const { validateCommand } = await import('./validate.js');
    code = await validateCommand(options);
  });

program
  .command('commission')
  .description('a machine from measured tables: depth doses, output factors, fluence; docs/beam-data.md describes them')
  .argument('<dir>', 'folder with tpr.dat or pdd.dat, of.dat, primflu.dat or profile.dat, params.dat')
  .requiredOption('--out <file>', 'machine .json file')
  .option('--picture <file>', 'PNG of measured and modelled depth doses and their differences')
  .option('--name <name>', "the machine's name; otherwise that of the folder")
  .option('--widths <mm>', 'standard deviations of the Gaussians, with commas')
  .option('--json', 'print residuals as JSON instead of a table')
  .action(async (dir, options) => {
    const { commissionCommand } = await import('./commission.js');
    code = await commissionCommand(dir, options);
  });

program
  .command('inspect')
  .description(
    'what is in a folder of DICOM or NRRD files: series, structures, plans, doses, problems, and what takes it',
  )
  .argument('<path>', 'folder, with those below it, or one file')
  .option('--names', 'tell names and numbers of patients, which are left out otherwise')
  .option('--json', 'print JSON instead of text; respine schema inspection describes it')
  .action(async (path, options) => {
    const { inspectCommand } = await import('./inspect.js');
    code = await inspectCommand(path, options);
  });

program
  .command('serve')
  .description('the planner in a tab of the browser, served to this machine alone: docs/app.md')
  .option('--port <number>', 'of localhost; 0 for one that is free', '8080')
  .action(async (options) => {
    const { serveCommand } = await import('./serve.js');
    code = await serveCommand(options);
  });

program
  .command('schema')
  .description('JSON Schema of a request, for editors, whose use docs/case.md describes')
  .argument('<name>', 'case, fields, goals, courses, study, phantom, or inspection of what inspect prints')
  .option('--out <file>', '.json file; printed otherwise')
  .action(async (name, options) => {
    const { schemaCommand } = await import('./schema.js');
    code = await schemaCommand(name, options);
  });

addProgressFlags(program);

try {
  await program.parseAsync();
  if (!(await flushed())) say('respine: the reader of the output went before its end.');
} catch (error) {
  if (error instanceof CommanderError) code = error.exitCode === 0 ? 0 : 2;
  else if (isRespineError(error)) {
    say(`respine: ${error.message}`);
    code = 2;
  } else {
    say(`respine: a bug, please report it. ${plainText(error instanceof Error ? String(error.stack) : String(error))}`);
    code = 70;
  }
} finally {
  // A bar that nobody took away would keep the process.
  endProgress();
}
process.exitCode = code;
