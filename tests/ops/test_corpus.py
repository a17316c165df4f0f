"""Every op against TensorFlow's results, through its lowering and the reference interpreter.

The registry drives: an op needs a sample, in the corpus or in `SAMPLED_ELSEWHERE`.
"""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from flowc.ir.proto import GraphDef
from flowc.ir.tensor.builder import DataDependent
from flowc.ops.registry import OPS
from tests.conftest import SHARED
from tests.corpus import Pack, packs
from tests.ops import gradients
from tests.ops.conformance import MODES, check, missing_ops
from tests.ops.graph_runner import RunsOnHost

GOLDEN = SHARED / "golden"
GROUPS = ("ops", "grads", "random", "control_flow", "io")
NAMES = sorted(path.stem for path in (GOLDEN / "ops").glob("*.npz"))
GRADIENTS = sorted(path.stem for path in (GOLDEN / "grads").glob("*.npz"))

# Ops that are one function with a sampled op: the same rule by reference and by resource, for rows
# and for the whole variable, or an older version.
TWINS = """
AnonymousHashTable ApplyAdaMax ApplyAdadelta ApplyAdagrad ApplyAdagradDA ApplyAdagradV2 ApplyAdam
ApplyAddSign ApplyCenteredRMSProp ApplyFtrl ApplyFtrlV2 ApplyGradientDescent ApplyMomentum
ApplyPowerSign ApplyProximalAdagrad ApplyProximalGradientDescent ApplyRMSProp BlockLSTMGradV2
BlockLSTMV2 Case InitializeTableFromTextFile IsVariableInitialized LookupTableExport
LookupTableImport LookupTableInsert MaxPoolGradGradWithArgmax MutableDenseHashTable MutableHashTable
MutableHashTableOfTensors ParseSingleSequenceExample RandomPoisson RefExit RefIdentity RefMerge
RefNextIteration RefSwitch ResourceApplyAdagradDA ResourceApplyAdamWithAmsgrad ResourceCountUpTo
ResourceGatherNd ResourceScatterNdMax ResourceScatterNdMin ResourceSparseApplyAdagradDA
ResourceSparseApplyProximalGradientDescent ScatterNdMax ScatterNdMin SparseApplyAdadelta
SparseApplyAdagrad SparseApplyAdagradDA SparseApplyAdagradV2 SparseApplyCenteredRMSProp
SparseApplyFtrl SparseApplyFtrlV2 SparseApplyMomentum SparseApplyProximalAdagrad
SparseApplyProximalGradientDescent SparseApplyRMSProp SparseDenseCwiseDiv SparseReduceMaxSparse
SparseReduceSumSparse SparseSparseMaximum SparseSparseMinimum SparseSplit StackCloseV2
StatelessRandomGammaV3 StatelessRandomGetKeyCounterAlg StatelessRandomPoisson TopK UnicodeDecode
Variable
"""
# Ops that act on files, and those with tests of their own.
ELSEWHERE = """
AccumulatorApplyGradient AccumulatorNumAccumulated AccumulatorSetGlobalStep AccumulatorTakeGradient
AddManySparseToTensorsMap AddSparseToTensorsMap AdjustContrast AllCandidateSampler AudioSpectrogram
AudioSummary AudioSummaryV2 BatchCholesky BatchCholeskyGrad BatchFFT BatchFFT2D BatchFFT3D BatchIFFT
BatchIFFT2D BatchIFFT3D BatchMatrixBandPart BatchMatrixDeterminant BatchMatrixDiag
BatchMatrixDiagPart BatchMatrixInverse BatchMatrixSetDiag BatchMatrixSolve BatchMatrixSolveLs
BatchMatrixTriangularSolve BatchNormWithGlobalNormalization BatchNormWithGlobalNormalizationGrad
BatchSelfAdjointEig BatchSelfAdjointEigV2 BatchSvd CTCBeamSearchDecoder ComputeAccidentalHits
ConditionalAccumulator Conv3DBackpropFilter Conv3DBackpropInput DataFormatDimMap
DataFormatVecPermute DecodeWav DenseToDenseSetOperation DenseToSparseSetOperation DestroyResourceOp
DisableCopyOnRead DrawBoundingBoxesV2 Eig EncodeJpegVariableQuality EncodeWav FIFOQueue FIFOQueueV2
FixedLengthRecordReader FixedLengthRecordReaderV2 FusedPadConv2D FusedResizeAndPadConv2D
GRUBlockCellGrad IdentityReader IdentityReaderV2 ImageProjectiveTransformV3 ImageSummary
InitializeTableFromTextFileV2 InplaceAdd InplaceSub InplaceUpdate LSTMBlockCellGrad
LookupTableImportV2 MatchingFiles MergeV2Checkpoints Mfcc MutableHashTableOfTensorsV2
NonMaxSuppressionWithOverlaps OptionalHasValue PaddingFIFOQueue PaddingFIFOQueueV2
ParseSequenceExample PriorityQueue PriorityQueueV2 PyFunc PyFuncStateless QueueClose QueueCloseV2
QueueDequeue QueueDequeueMany QueueDequeueManyV2 QueueDequeueUpTo QueueDequeueUpToV2 QueueDequeueV2
QueueEnqueue QueueEnqueueMany QueueEnqueueManyV2 QueueEnqueueV2 QueueIsClosed QueueIsClosedV2
QueueSize QueueSizeV2 RandomShuffleQueue RandomShuffleQueueV2 ReadFile ReaderNumRecordsProduced
ReaderNumRecordsProducedV2 ReaderNumWorkUnitsCompleted ReaderNumWorkUnitsCompletedV2 ReaderRead
ReaderReadUpTo ReaderReadUpToV2 ReaderReadV2 ReaderReset ReaderResetV2 ReaderRestoreState
ReaderRestoreStateV2 ReaderSerializeState ReaderSerializeStateV2 RefEnter
ResourceAccumulatorApplyGradient ResourceAccumulatorNumAccumulated ResourceAccumulatorSetGlobalStep
ResourceAccumulatorTakeGradient ResourceConditionalAccumulator ResourceStridedSliceAssign Restore
RestoreSlice RestoreV2 SampleDistortedBoundingBox SampleDistortedBoundingBoxV2 Save SaveSlices
SaveV2 SelfAdjointEig SetSize ShardedFilename ShardedFilespec SparseAccumulatorApplyGradient
SparseAccumulatorTakeGradient SparseConditionalAccumulator SparseCross SparseSegmentMeanGradV2
SparseSegmentSqrtNGradV2 SparseSegmentSumGradV2 SparseToSparseSetOperation StridedSliceAssign
TFRecordReader TFRecordReaderV2 TakeManySparseFromTensorsMap TensorArrayCloseV3
TensorArrayGradWithShape TensorListConcat TensorListConcatLists TensorListScatter
TensorListScatterV2 TensorStridedSliceUpdate TensorSummary TensorSummaryV2 TextLineReader
TextLineReaderV2 TileGrad ToBool TridiagonalMatMul UniformCandidateSampler UnravelIndex
WholeFileReader WholeFileReaderV2 WriteFile _FusedBatchNormEx _FusedConv2D _FusedConv3D
_FusedDepthwiseConv2dNative _FusedMatMul _TensorToHashBucketFast _UnaryOpsComposition
"""
SAMPLED_ELSEWHERE = frozenset(TWINS.split() + ELSEWHERE.split())


def cases(pack: Pack) -> list[dict[str, Any]]:
    """The cases of a pack whose ops are all defined; skips the test where there are none."""
    found = [case for case in pack.cases if case["kind"] == "graph_def"]
    runnable = [case for case in found if not missing_ops(pack, case)]
    if not runnable:
        pytest.skip("an op in every case is not defined")
    return runnable


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", NAMES)
def test_op(shared: Path, name: str, mode: str) -> None:
    complaints = {}
    with Pack(GOLDEN / "ops" / f"{name}.npz") as pack:
        for case in cases(pack):
            try:
                complaint = check(pack, case, mode)
            except (DataDependent, RunsOnHost):
                continue  # the compiler cuts the graph there; the other mode runs it
            if complaint:
                complaints[case["id"]] = complaint
    assert not complaints


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradient(shared: Path, name: str) -> None:
    with Pack(GOLDEN / "grads" / f"{name}.npz") as pack:
        complaints = {case["id"]: gradients.check(pack, case) for case in cases(pack)}
    assert not {k: v for k, v in complaints.items() if v}


@cache
def sampled() -> frozenset[str]:
    """The ops in graphs of the corpus."""
    found: set[str] = set()
    for group in GROUPS:
        for unread in packs(GOLDEN / group):
            with unread as pack:
                for case in pack.cases:
                    if case["kind"] == "graph_def":
                        graph = GraphDef()
                        graph.ParseFromString(pack.blob(case["graph"]))
                        bodies = (f.node_def for f in graph.library.function)
                        found.update(node.op for nodes in (graph.node, *bodies) for node in nodes)
    return frozenset(found)


def test_every_op_has_a_sample(shared: Path) -> None:
    assert sorted(set(OPS) - sampled() - SAMPLED_ELSEWHERE) == []
