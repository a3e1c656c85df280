using System.Net;
using Grpc.Core;
using Inference;
using InferenceServer.Testing.SharedMemory;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>Has its tensors in shared memory, and takes the region away now and then while a request uses it.</summary>
internal sealed class MemoryCaller : ISoakActor, IDisposable
{
    private const int Half = 1 << 14;
    private const int LosesOneIn = 8;

    private readonly SharedMemoryFile _file = new(2 * Half);
    private readonly string _region = $"region-{Guid.NewGuid():N}";
    private bool _isRegistered;

    public void Dispose() => _file.Dispose();

    public async Task StepAsync(SoakScene scene, Random random)
    {
        if (!_isRegistered)
        {
            await scene.ControlAsync($"/v2/systemsharedmemory/region/{_region}/register", $$"""{"key":"{{_file.Key}}","byte_size":{{2 * Half}}}""");
            _isRegistered = true;
        }

        var content = new byte[random.Next(1, Half)];
        random.NextBytes(content);
        _file.Write(content);
        _file.Write(new byte[content.Length], Half);
        var asking = AskAsync(scene, random.Next(2) == 0, content);
        var loses = random.Next(LosesOneIn) == 0;
        if (loses)
        {
            await scene.PauseAsync(random.Next(0, 3));
            await UnregisterAsync(scene);
        }

        var error = await asking;
        if (error.Length > 0 && !(loses && error.Contains("Unable to find shared memory region", StringComparison.Ordinal)))
        {
            scene.Books.Fault($"through shared memory: {error}");
        }
    }

    /// <summary>Takes the region away; to be called at the end.</summary>
    public async Task UnregisterAsync(SoakScene scene)
    {
        if (_isRegistered)
        {
            _isRegistered = false;
            await scene.ControlAsync($"/v2/systemsharedmemory/region/{_region}/unregister", "");
        }
    }

    /// <returns>The error; empty when the answer is there and right.</returns>
    private async Task<string> AskAsync(SoakScene scene, bool isRpc, byte[] content)
    {
        var ticket = scene.Books.Open(isRpc ? SoakWay.Rpc : SoakWay.Http, SoakRepository.Large);
        var (code, error) = isRpc ? await AskRpcAsync(scene, content.Length) : await AskHttpAsync(scene, content.Length);
        if (error.Length > 0)
        {
            ticket.TurnAway(code);
            return error;
        }

        ticket.Answer();
        return _file.Read(Half, content.Length).AsSpan().SequenceEqual(content) ? "" : "the answer is not what was sent";
    }

    private async Task<(string Code, string Error)> AskHttpAsync(SoakScene scene, int length)
    {
        using var content = new StringContent($$$"""
            {"inputs":[{"name":"X","datatype":"UINT8","shape":[{{{length}}}],"parameters":{"shared_memory_region":"{{{_region}}}","shared_memory_byte_size":{{{length}}}}}],
             "outputs":[{"name":"Y","parameters":{"shared_memory_region":"{{{_region}}}","shared_memory_byte_size":{{{length}}},"shared_memory_offset":{{{Half}}}}}]}
            """);
        using var answer = await scene.Clients.Http.PostAsync($"/v2/models/{SoakRepository.Large}/infer", content);
        return ($"{(int)answer.StatusCode}", answer.StatusCode == HttpStatusCode.OK ? "" : await answer.Content.ReadAsStringAsync());
    }

    private async Task<(string Code, string Error)> AskRpcAsync(SoakScene scene, int length)
    {
        var request = new ModelInferRequest { ModelName = SoakRepository.Large };
        request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = "X", Datatype = "UINT8", Shape = { length } });
        Place(request.Inputs[0].Parameters, 0, length);
        request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "Y" });
        Place(request.Outputs[0].Parameters, Half, length);
        try
        {
            await scene.Clients.Rpc.ModelInferAsync(request);
            return ("OK", "");
        }
        catch (RpcException exception)
        {
            return (RpcCodes.NameOf($"{exception.StatusCode}"), exception.Status.Detail);
        }
    }

    private void Place(Google.Protobuf.Collections.MapField<string, InferParameter> parameters, long offset, long byteSize)
    {
        parameters["shared_memory_region"] = new InferParameter { StringParam = _region };
        parameters["shared_memory_byte_size"] = new InferParameter { Int64Param = byteSize };
        parameters["shared_memory_offset"] = new InferParameter { Int64Param = offset };
    }
}
