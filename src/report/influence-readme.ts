/** README.txt of an exported influence: what the files are, in which units and frame, and how programs of others read them. */

/** What the README tells of. */
export interface ReadmeFacts {
  readonly version: string;
  readonly patient: string;
  /** SHA-256 that weights belong to. */
  readonly key: string;
  readonly rows: number;
  readonly columns: number;
  readonly entries: number;
  readonly format: 'npz' | 'mtx';
  readonly precision: 'float32' | 'float64';
  readonly cut: number;
  /** Gy, in the row where most is left out: at one monitor unit of every beamlet, and at the reference weights, where there are such. */
  readonly cutPerUnit: number;
  readonly cutOfReference?: number | undefined;
  readonly hasProblem: boolean;
}

const truncation = ({ cut, cutPerUnit, cutOfReference }: ReadmeFacts): string => {
  if (cut === 0) return 'Nothing is cut: every entry that is not zero is there.';
  const reference =
    cutOfReference === undefined
      ? ''
      : ` With equal weights that give the target's median the prescribed dose it is at most ${cutOfReference.toPrecision(3)} Gy in any row.`;
  return `Cut: entries below ${cut} of the largest of their column. What that takes off a row's dose is at most its cut_Gy_per_MU of voxels.csv times
the largest weight: at most ${cutPerUnit.toPrecision(3)} Gy in any row for weights of up to 1 MU.${reference}`;
};

const PYTHON = `import json, numpy as np, scipy.sparse as sp
A = sp.load_npz("influence.npz").tocsr()
problem = json.load(open("problem.json"))
w = np.ones(A.shape[1])
d = A @ w                                    # Gy, one per row of voxels.csv
for c in problem["constraints"]:
    if c["kind"] == "maximum":
        print(c["name"], (d[c["rows"]] - np.array(c["doses"])).max(), "Gy above its maximum")
np.save("weights.npy", w)                    # monitor units, one per beamlet`;

const JULIA = `using NPZ, SparseArrays
z = npzread("influence.npz", ["indices", "indptr", "shape", "data"])
m, n = z["shape"]
A = SparseMatrixCSC(m, n, Int64.(z["indptr"]) .+ 1, Int64.(z["indices"]) .+ 1, Float64.(z["data"]))
w = ones(n)
d = A * w                                    # Gy, one per row of voxels.csv
println(maximum(d))
npzwrite("weights.npy", w)                   # monitor units, one per beamlet`;

const MATLAB = `unzip('influence.npz', 'npz');               % also GNU Octave
part = {'indices', 'int32'; 'indptr', 'int32'; 'data', 'TYPE'; 'shape', 'int64'};
for k = 1:4                                  % the values begin after 128 bytes
  f = fopen(['npz/' part{k, 1} '.npy']);  fseek(f, 128, 'bof');
  z.(part{k, 1}) = double(fread(f, Inf, part{k, 2}));  fclose(f);
end
j = repelem((1:z.shape(2))', diff(z.indptr));
A = sparse(z.indices + 1, j, z.data, z.shape(1), z.shape(2));
w = ones(z.shape(2), 1);  d = A * w;         % Gy, one per row of voxels.csv
f = fopen('weights.csv', 'w');  fprintf(f, 'column,weight\\n');
fprintf(f, '%d,%.17g\\n', [0:z.shape(2)-1; w']);  fclose(f);`;

const PYTHON_MTX = PYTHON.replace(
  'import json, numpy as np, scipy.sparse as sp',
  'import json, numpy as np, scipy.io',
).replace('sp.load_npz("influence.npz")', 'scipy.io.mmread("influence.mtx")');

const JULIA_MTX = `using MatrixMarket, NPZ
A = MatrixMarket.mmread("influence.mtx")
w = ones(size(A, 2))
d = A * w                                    # Gy, one per row of voxels.csv
println(maximum(d))
npzwrite("weights.npy", w)                   # monitor units, one per beamlet`;

const MATLAB_MTX = `f = fopen('influence.mtx');                  % also GNU Octave
s = fgetl(f);  while s(1) == '%', s = fgetl(f); end
s = sscanf(s, '%d');
e = fscanf(f, '%f', [3 Inf]);  fclose(f);
A = sparse(e(1, :), e(2, :), e(3, :), s(1), s(2));
w = ones(s(2), 1);  d = A * w;               % Gy, one per row of voxels.csv
f = fopen('weights.csv', 'w');  fprintf(f, 'column,weight\\n');
fprintf(f, '%d,%.17g\\n', [0:s(2)-1; w']);  fclose(f);`;

/** Text of the README. */
export function influenceReadme(facts: ReadmeFacts): string {
  const { version, patient, key, rows, columns, entries, format, precision, hasProblem } = facts;
  const type = precision === 'float32' ? 'single' : 'double';
  const [python, julia, matlab] =
    format === 'npz' ? [PYTHON, JULIA, MATLAB.replace('TYPE', type)] : [PYTHON_MTX, JULIA_MTX, MATLAB_MTX];
  const layout =
    format === 'npz'
      ? `compressed columns as scipy.sparse.save_npz writes them, ${precision}, rows and columns from 0`
      : `Matrix Market, coordinates, rows and columns from 1; values are ${precision} written so that they come back the same`;
  const program = hasProblem
    ? python
    : python.replace(/problem = .*\n|for c in [\s\S]*?maximum"\)\n/g, '').replace('import json, ', 'import ');
  const problem = hasProblem
    ? `problem.json    objectives, constraints and prescription of the case over the rows, as numbers
`
    : '';
  return `The influence of a plan's beamlets, written by respine ${version}. Research software, not for clinical use.

Patient ${patient}. ${rows} voxels x ${columns} beamlets, ${entries} entries: dose = A w.

influence.${format}   A, Gy per monitor unit: ${layout}
beamlets.csv    per column: beam, angles (degrees, IEC 61217), centre and edges (mm, isocentre plane, turned with the collimator)
voxels.csv      per row: place (mm, DICOM LPS), grid and voxel in it (x fastest), volume, what was cut, fraction in each structure
                (empty for points without a volume: the isocentre and points of the cord's surface, which carry its maximum)
${problem}influence.json  all of this in short, with the hash that weights are held against

Weights are monitor units over the course of open primary fluence through each beamlet; doses are total physical Gy of the course. 100 MU
give 1 Gy at 100 mm depth in water, SSD 900 mm, field of 100 mm.

${truncation(facts)}

Weights come back as weights.npy (one per column), as weights.csv with the columns "column" and "weight" (a copy of beamlets.csv with
"weight" added is held against the case's beamlets), or as JSON, { "key": "...", "weights": [...] }:

    respine plan CASE.json --weights weights.npy --out DIR

They are held against the case: by influence.json where it lies beside the file, by the key of a JSON file. Here the key is
${key}

Python:

${indented(program)}

Julia:

${indented(julia)}

MATLAB:

${indented(matlab)}
`;
}

const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
