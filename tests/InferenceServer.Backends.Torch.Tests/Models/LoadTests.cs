using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Torch;
using Xunit;

namespace InferenceServer.Backends.Torch.Tests.Models;

/// <summary>What a load says when it cannot be.</summary>
public sealed class LoadTests
{
    private static readonly TensorSpec[] s_x = [ScriptModel.Fp32("x", 2)];
    private static readonly TensorSpec[] s_y = [ScriptModel.Fp32("y", 2)];

    [Fact]
    public async Task Load_NothingConfigured_SaysWhatToWrite()
    {
        var error = await RefusedAsync([], [], "x: Tensor,\n    state: Optional[Tensor],\n    words: List[str],\n    pair: Tuple[Tensor, int]) -> Tuple[Tensor, List[str], float]");
        Assert.Equal(
            "a TorchScript file says neither element types nor shapes, so config.pbtxt must say them; for forward(x: Tensor, state: Optional[Tensor], words: List[str], pair: Tuple[Tensor, int]) -> Tuple[Tensor, List[str], float] "
            + "add lines such as: input [ { name: \"x\" data_type: TYPE_FP32 dims: [ -1, -1 ] }, { name: \"state\" data_type: TYPE_FP32 dims: [ -1, -1 ] optional: true }, { name: \"words\" data_type: TYPE_STRING dims: [ -1 ] }, "
            + "{ name: \"pair.0\" data_type: TYPE_FP32 dims: [ -1, -1 ] }, { name: \"pair.1\" data_type: TYPE_INT64 dims: [ 1 ] } ] "
            + "output [ { name: \"OUTPUT__0\" data_type: TYPE_FP32 dims: [ -1, -1 ] }, { name: \"OUTPUT__1\" data_type: TYPE_STRING dims: [ -1 ] }, { name: \"OUTPUT__2\" data_type: TYPE_FP64 dims: [ 1 ] } ] "
            + "(with the model's own types, and dims without the batch dimension where max_batch_size is more than 0)",
            error);
    }

    [Theory]
    [InlineData("x: Tensor,\n    z: Tensor) -> Tensor", "no input is configured for z: forward(x: Tensor, z: Tensor) -> Tensor")]
    [InlineData("x: Tensor,\n    z: Optional[Tuple[Tensor, Tensor]]=None) -> Tensor", null)]
    [InlineData("x: List[str]) -> Tensor", "input 'x' is of the type List[str] in the model: expected TYPE_STRING, got FP32")]
    [InlineData("x: int) -> Tensor", "input 'x' is of the type int, one value for a whole execution: expected one element in max_batch_size 0, such as dims: [ 1 ], got the shape [2]")]
    [InlineData("x: Device) -> Tensor", "x is of the type Device; a method that is served takes Tensor, str, int, float, bool, List[str], tuples of them, Optional of these, and as its one parameter List[Tensor] or Dict[str, Tensor]: forward(x: Device) -> Tensor")]
    [InlineData("x: Tensor) -> str", "output 'y' is of the type str in the model: expected TYPE_STRING, got FP32")]
    [InlineData("x: Tensor) -> List[Dict[str, Tensor]]", "the result has a part of the type List[Dict[str, Tensor]]; a method that is served gives Tensor, str, int, float, bool, lists of texts or numbers, Optional of these, tuples of them, List[Tensor] or Dict[str, Tensor]: forward(x: Tensor) -> List[Dict[str, Tensor]]")]
    [InlineData("x: Tensor) -> NoneType", "the result has a part of the type NoneType; a method that is served gives Tensor, str, int, float, bool, lists of texts or numbers, Optional of these, tuples of them, List[Tensor] or Dict[str, Tensor]: forward(x: Tensor) -> NoneType")]
    public async Task Load_ConfigurationThatDoesNotFit_SaysHow(string head, string? expected)
    {
        if (expected is null)
        {
            (await new ScriptModel { Inputs = s_x, Outputs = s_y }.LoadAsync(head, "return x")).Dispose();
            return;
        }

        Assert.Equal(expected, await RefusedAsync(s_x, s_y, head));
    }

    [Fact]
    public async Task Load_PartOfATuple_IsRefused() => Assert.Equal(
        "inputs are configured for a part of z only: forward(x: Tensor, z: Optional[Tuple[Tensor, Tensor]]) -> Tensor",
        await RefusedAsync([ScriptModel.Fp32("x", 2), ScriptModel.Fp32("z.0", 2)], s_y, "x: Tensor,\n    z: Optional[Tuple[Tensor, Tensor]]) -> Tensor"));

    [Fact]
    public async Task Load_OptionalInputOfATensorThatMustBe_IsRefused() => Assert.Equal(
        "input 'x' is configured as optional, and x is not Optional[Tensor]: forward(x: Tensor) -> Tensor",
        await RefusedAsync([ScriptModel.Fp32("x", 2) with { IsOptional = true }], s_y, "x: Tensor) -> Tensor"));

    [Fact]
    public async Task Load_TypeThatTheEngineLacks_IsRefused() => Assert.StartsWith(
        "input 'x' is of the type UINT32, which this engine does not have; it has BOOL, UINT8,",
        await RefusedAsync([new TensorSpec("x", TensorDataType.UInt32, new TensorShape(2))], s_y, "x: Tensor) -> Tensor"), StringComparison.Ordinal);

    [Fact]
    public async Task Load_WrongParameters_AreAllTold()
    {
        var model = new ScriptModel { Inputs = s_x, Outputs = s_y, Parameters = { ["INTRA_OP_THREAD_COUNT"] = "0", ["INFERENCE_MODE"] = "yes", ["ENABLE_NVFUSER"] = "true" } };
        var error = await Assert.ThrowsAsync<BackendException>(async () => await model.LoadAsync("x: Tensor) -> Tensor", "return x"));
        Assert.Equal("parameter 'INTRA_OP_THREAD_COUNT': expected a whole number from 1 to 4096, got '0'; parameter 'INFERENCE_MODE': expected true or false, got 'yes'", error.Message);
        Assert.Contains(model.Log.Warnings, static line => line.StartsWith("parameter 'ENABLE_NVFUSER' is unknown to the pytorch backend and has no effect", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Load_UnknownMethod_NamesThoseThereAre()
    {
        var model = new ScriptModel { Inputs = s_x, Outputs = s_y, Parameters = { ["MODULE_METHOD_NAME"] = "predict" } };
        var error = await Assert.ThrowsAsync<BackendException>(async () => await model.LoadAsync("x: Tensor) -> Tensor", "return x"));
        Assert.Equal("the model has no method 'predict'; it has forward", error.Message);
    }

    [Fact]
    public async Task Load_CodeThatReadsFiles_IsRefusedUnlessTheServerAllowsIt()
    {
        const string body = "return torch.from_file(\"/proc/version\", False, 4, dtype=6)";
        var model = new ScriptModel { Inputs = s_x, Outputs = [ScriptModel.Fp32("y", 4)] };
        var error = await Assert.ThrowsAsync<BackendException>(async () => await model.LoadAsync("x: Tensor) -> Tensor", body));
        Assert.Equal(ErrorCode.PermissionDenied, error.Code);
        Assert.Contains("the model's code uses 'from_file'", error.Message, StringComparison.Ordinal);
        var trusting = new ScriptModel { Inputs = s_x, Outputs = [ScriptModel.Fp32("y", 4)], BackendSettings = { ["allow_files"] = "1" } };
        (await trusting.LoadAsync("x: Tensor) -> Tensor", body)).Dispose();
    }

    [Fact]
    public async Task Load_FileThatIsNoArchive_SaysSo()
    {
        var error = await Assert.ThrowsAsync<BackendException>(async () => await new ScriptModel { Inputs = s_x, Outputs = s_y }.LoadAsync("not an archive"u8.ToArray()));
        Assert.StartsWith("'model.pt' is damaged, cut short, or no TorchScript archive", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_GpuThatIsNotThere_SaysWhatToDo()
    {
        var model = new ScriptModel { Inputs = s_x, Outputs = s_y, Placements = [new InstancePlacement("net_0", InstanceKind.Gpu, 0)] };
        var error = await Assert.ThrowsAsync<BackendException>(async () => await model.LoadAsync("x: Tensor) -> Tensor", "return x"));
        Assert.Equal(
            "instance 'net_0' asks for GPU 0, and libtorch has none here; to have it, build the backend with -p:Torch=Cuda and install the driver of the GPU; to serve on the CPU, write kind: KIND_CPU", error.Message);
    }

    private static async Task<string> RefusedAsync(TensorSpec[] inputs, TensorSpec[] outputs, string head)
    {
        using var folder = new TemporaryDirectory();
        var path = folder.Write("model.pt", ScriptArchive.Of($"  def forward(s: __torch__.Model,\n    {head}:\n    return x\n"));
        return (await Assert.ThrowsAsync<BackendException>(async () => await new ScriptModel { Inputs = inputs, Outputs = outputs }.LoadFileAsync(path))).Message;
    }
}
