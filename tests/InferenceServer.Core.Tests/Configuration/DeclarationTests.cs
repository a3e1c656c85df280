using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using Xunit;
using static InferenceServer.Core.Tests.Configuration.ConfigFixture;

namespace InferenceServer.Core.Tests.Configuration;

public sealed class DeclarationTests
{
    private const string Io = "input { name: \"X\" data_type: TYPE_FP32 dims: [ 4 ] } output { name: \"Y\" data_type: TYPE_FP32 dims: [ 2 ] }";

    [Theory]
    [InlineData("name: \"other\"", 1, 1, "name is 'other'|folder is 'm'", "name: \"m\"")]
    [InlineData("backend: \"onnxruntim\"", 1, 1, "no backend 'onnxruntim'", "did you mean 'onnxruntime'?")]
    [InlineData("backend: \"tensorrt\"", 1, 1, "no backend 'tensorrt'", "the backends are identity, onnxruntime, pytorch")]
    [InlineData("platform: \"onnxruntime\"", 1, 1, "no platform 'onnxruntime', which is the name of a backend", "backend: \"onnxruntime\"")]
    [InlineData("backend: \"onnxruntime_onnx\"", 1, 1, "no backend 'onnxruntime_onnx', which is the name of a platform", "backend: \"onnxruntime\"")]
    [InlineData("platform: \"pytorch_libtorc\"", 1, 1, "no backend for platform 'pytorch_libtorc'", "did you mean 'pytorch_libtorch'?")]
    [InlineData("backend: \"onnxruntime\"\nplatform: \"pytorch_libtorch\"", 2, 1, "'pytorch_libtorch' does not belong to backend 'onnxruntime'|onnxruntime_onnx", "platform: \"onnxruntime_onnx\"")]
    [InlineData("default_model_filename: \"../../etc/x.onnx\"", 1, 1, "without any path|'../../etc/x.onnx'", "\"model.onnx\"")]
    [InlineData("default_model_filename: \"a\\\\b.onnx\"", 1, 1, "without any path", null)]
    [InlineData("max_batch_size: -1", 1, 1, "0 or more|-1", "max_batch_size: 0")]
    [InlineData("input { data_type: TYPE_FP32 dims: 4 }", 1, 7, "input[0] has no name", "name:")]
    [InlineData("input { name: \"X\" dims: 4 }", 1, 7, "input 'X' has no data_type", "TYPE_FP32")]
    [InlineData("output { name: \"Y\" data_type: TYPE_FP32 }", 1, 8, "output 'Y' has no dims", "dims: [ 1 ] for a scalar")]
    [InlineData("output { name: \"Y\" data_type: TYPE_FP32 dims: [ 2, 0 ] }", 1, 52, "dimension 1 in dims of output 'Y'|found 0", null)]
    [InlineData("output { name: \"Y\" data_type: TYPE_FP32 dims: [ -2 ] }", 1, 49, "dimension 0|found -2", null)]
    [InlineData("output { name: \"Y\" data_type: TYPE_FP32 dims: [ 1,1,1,1,1,1,1,1,1 ] }", 1, 41, "9 dimensions|at most 8", null)]
    [InlineData("max_batch_size: 2 output { name: \"Y\" data_type: TYPE_FP32 dims: [ 1,1,1,1,1,1,1,1 ] }", 1, 59, "8 dimensions|at most 7", null)]
    [InlineData("input { name: \"X\" data_type: TYPE_FP32 dims: 4 }\ninput { name: \"X\" data_type: TYPE_FP32 dims: 4 }", 2, 9, "'X' is taken by another input, at 1:9", null)]
    [InlineData("input { name: \"X\" data_type: TYPE_FP32 dims: [ 4 ] reshape { shape: [ 2, 3 ] } }", 1, 52, "dims [4] but a reshape to [2,3]", null)]
    [InlineData("input { name: \"X\" data_type: TYPE_FP32 dims: [ 2, -1, 3 ] reshape { shape: [ -1, 6 ] } }", 1, 59, "dims [2,-1,3] but a reshape to [-1,6]", null)]
    [InlineData("input { name: \"X\" data_type: TYPE_FP32 dims: [ 4 ] reshape { } }", 1, 52, "dims [4] but a reshape to []", null)]
    [InlineData("max_batch_size: 0 input { name: \"X\" data_type: TYPE_FP32 dims: [ 1 ] reshape { shape: [ ] } }", 1, 70, "empty reshape, which needs a batch dimension", "leave out the reshape")]
    [InlineData("max_batch_size: 0\ndynamic_batching { }", 2, 1, "dynamic_batching needs a batch dimension", "leave out dynamic_batching")]
    [InlineData("max_batch_size: 4 dynamic_batching { preferred_batch_size: [ 2, 8 ] }", 1, 65, "8 is more than max_batch_size, which is 4", null)]
    [InlineData("max_batch_size: 4 dynamic_batching { preferred_batch_size: [ 0 ] }", 1, 62, "1 or more, found 0", null)]
    [InlineData("max_batch_size: 4 dynamic_batching { max_queue_delay_microseconds: 18446744073709551615 }", 1, 38, "at most 922337203685477580", null)]
    [InlineData("instance_group { count: 0 }", 1, 18, "from 1 to 1024, found 0", null)]
    [InlineData("instance_group { count: -1 }", 1, 18, "from 1 to 1024, found -1", null)]
    [InlineData("instance_group { count: 1000000 }", 1, 18, "from 1 to 1024, found 1000000", null)]
    [InlineData("backend: \"identity\" input { name: \"X\" data_type: TYPE_FP32 dims: 4 } output { name: \"Y\" data_type: TYPE_FP32 dims: 4 }\ninstance_group { kind: KIND_GPU gpus: [ 0 ] }", 2, 18, "KIND_GPU|'identity'|CPU only", "write kind: KIND_CPU")]
    [InlineData("backend: \"identity\" input { name: \"X\" data_type: TYPE_FP32 dims: 4 } output { name: \"Y\" data_type: TYPE_FP32 dims: 4 }\ninstance_group { gpus: [ 0 ] }", 2, 18, "lists gpus", "leave out gpus")]
    [InlineData("backend: \"identity\" input { name: \"X\" data_type: TYPE_FP32 dims: 4 } output { name: \"Y\" data_type: TYPE_FP32 dims: 4 }\noptimization { execution_accelerators { gpu_execution_accelerator { name: \"tensorrt\" } } }", 2, 41, "gpu_execution_accelerator|'identity'", "leave it out")]
    [InlineData("backend: \"identity\" input { name: \"X\" data_type: TYPE_FP32 dims: 4 } output { name: \"Y\" data_type: TYPE_FP32 dims: 4 }\noptimization { execution_accelerators { cpu_execution_accelerator { name: \"openvino\" } } }", 2, 41, "cpu_execution_accelerator|'identity'", "leave it out")]
    [InlineData("instance_group { kind: KIND_CPU gpus: [ 0 ] }", 1, 33, "lists gpus, which are for KIND_GPU", "write kind: KIND_GPU")]
    [InlineData("instance_group { gpus: [ 1, 1 ] }", 1, 29, "found 1 twice", null)]
    [InlineData("instance_group { gpus: [ -1 ] }", 1, 26, "found -1", null)]
    [InlineData("instance_group { count: 600 gpus: [ 0, 1 ] }", 1, 18, "at most 1024 instances in all, found 1200", null)]
    [InlineData("instance_group { passive: true }", 1, 18, "every instance_group is passive", "leave passive out of one group")]
    [InlineData("instance_group [ { name: \"a\" }, { name: \"a\" } ]", 1, 35, "'a' is taken by instance_group[0]", null)]
    [InlineData("version_policy { latest { num_versions: 0 } }", 1, 27, "num_versions must be from 1", null)]
    [InlineData("version_policy { specific { } }", 1, 18, "names no versions", "versions: [ 1 ]")]
    [InlineData("version_policy { specific { versions: [ 1, 1 ] } }", 1, 44, "version 1 is named twice", null)]
    [InlineData("version_policy { specific { versions: [ -3 ] } }", 1, 41, "1 or more, found -3", null)]
    [InlineData("version_policy { specific { versions: [ 7 ] } }", 1, 1, "at least one version must be available under the version policy of model 'm'|only 1", null)]
    [InlineData("output { name: \"Y\" data_type: TYPE_FP32 dims: 2 label_filename: \"/etc/passwd\" }", 1, 49, "label_filename of output 'Y'|'/etc/passwd'", "labels.txt")]
    [InlineData("optimization { graph { level: 7 } }", 1, 24, "from -1 to 2, found 7", "2 none")]
    public void TryDeclare_OneMistake_IsReportedOnceWithItsPlace(string text, int line, int column, string words, string? suggestion) =>
        ProblemAssert.Single(DeclareProblems(text), line, column, words, suggestion);

    [Fact]
    public void TryDeclare_SeveralMistakes_AreReportedTogetherInOrder()
    {
        var problems = DeclareProblems("name: \"x\"\nmax_batch_size: -2\ninput { dims: 0 }\ninstance_group { count: -1 }");

        Assert.Equal([1, 2, 3, 3, 3, 4], problems.Select(problem => problem.Line));
    }

    [Fact]
    public void TryDeclare_MistakesOfForm_AreNotFollowedByOthers()
    {
        var document = Text("nme: \"x\"\nversion_policy { latest { num_versions: many } }");

        Assert.False(ModelConfigDeclaration.TryDeclare(document, Folder(), Backends, out _, out var problems));
        Assert.Equal(document.Problems, problems);
    }

    [Fact]
    public void TryDeclare_NoFile_TakesTheBackendFromTheFiles()
    {
        Assert.True(ModelConfigDeclaration.TryDeclare(ModelConfigDocument.Empty("config.pbtxt"), Folder(), Backends, out var declared, out _));
        Assert.Equal("onnxruntime", declared.Backend.Name);
        Assert.Equal("model.onnx", declared.ModelFilename);
        Assert.Equal("m", declared.Name);
        Assert.Null(declared.DeclaredMaxBatchSize);
        Assert.Equal(new VersionPolicy.Latest(1), declared.VersionPolicy);
    }

    [Theory]
    [InlineData("m", "model.pt", "", "pytorch")]
    [InlineData("m.onnxruntime", "weights.bin", "", "onnxruntime")]
    [InlineData("m", "net.onnx", "default_model_filename: \"net.onnx\"", "onnxruntime")]
    [InlineData("m", "anything", "platform: \"pytorch_libtorch\"", "pytorch")]
    public void TryDeclare_NoBackendNamed_IsFoundOtherwise(string folder, string file, string text, string backend) =>
        Assert.Equal(backend, Declare(text, Folder(folder, file)).Backend.Name);

    [Theory]
    [InlineData("net.onnx", "onnxruntime")]
    [InlineData("net.PT", "pytorch")]
    public void TryDeclare_BareFile_ImpliesTheBackend(string file, string backend) =>
        Assert.Equal(backend, Declare("", Folder() with { BareFileName = file, VersionFiles = [] }).Backend.Name);

    [Fact]
    public void TryDeclare_NoBackendToBeFound_SaysWhatWouldTell() =>
        ProblemAssert.Single(DeclareProblems("", Folder("m", "notes.txt")), 0, 0, "neither backend nor platform is given for model 'm'", "model.onnx (onnxruntime), model.pt (pytorch)");

    [Fact]
    public void TryDeclare_FilesOfTwoBackends_AsksWhich() =>
        ProblemAssert.Single(DeclareProblems("", Folder("m", "model.pt", "model.onnx")), 0, 0, "more than one backend: onnxruntime, pytorch", "backend: \"onnxruntime\"");

    [Fact]
    public void TryDeclare_NoVersions_IsAnError() =>
        ProblemAssert.Single(DeclareProblems("backend: \"onnxruntime\"", Folder() with { Versions = [] }), 0, 0, "no version folder", "a folder named 1");

    [Theory]
    [InlineData("backend: \"identity\"", 2)]
    [InlineData("backend: \"identity\" input { name: \"X\" data_type: TYPE_FP32 dims: 1 }", 1)]
    public void TryDeclare_BackendThatCannotDescribeModels_NeedsBothSides(string text, int count)
    {
        var problems = DeclareProblems(text);

        Assert.Equal(count, problems.Length);
        Assert.Contains("backend 'identity' cannot tell a model's tensors", problems[^1].Message, StringComparison.Ordinal);
        Assert.Contains("no output", problems[^1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TryDeclare_Batching_PutsTheBatchDimensionInFront()
    {
        var declared = Declare($"max_batch_size: 8 {Io} input {{ name: \"S\" data_type: TYPE_STRING dims: 1 reshape {{ }} optional: true }}");

        Assert.Equal(8, declared.DeclaredMaxBatchSize);
        Assert.Equal(new TensorShape(-1, 4), declared.ModelInputs[0].Shape);
        Assert.Equal(new TensorSpec("S", TensorDataType.Bytes, new TensorShape(-1)) { IsOptional = true }, declared.ModelInputs[1]);
        Assert.Equal(new TensorShape(-1, 2), declared.ModelOutputs[0].Shape);
    }

    [Fact]
    public void TryDeclare_BatchSizeOfZero_DiffersFromNone()
    {
        Assert.Equal(0, Declare($"max_batch_size: 0 {Io}").DeclaredMaxBatchSize);
        Assert.Equal(new TensorShape(4), Declare($"max_batch_size: 0 {Io}").ModelInputs[0].Shape);
        Assert.Null(Declare(Io).DeclaredMaxBatchSize);
    }

    [Fact]
    public void TryDeclare_ForTheBackend_PassesParametersAndGraphLevel()
    {
        var declared = Declare("parameters { key: \"a\" value { string_value: \"1\" } } optimization { graph { level: -1 } } default_model_filename: \"x.onnx\"");

        Assert.Equal("1", declared.Parameters["a"]);
        Assert.Equal(-1, declared.GraphOptimizationLevel);
        Assert.Equal("x.onnx", declared.ModelFilename);
        Assert.Null(Declare("").GraphOptimizationLevel);
    }
}
