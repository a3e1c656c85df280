using Google.Protobuf;
using Inference;
using InferenceServer.Microbenchmarks.Engines;

namespace InferenceServer.Microbenchmarks.Servers;

/// <summary>A request to the sample model over gRPC.</summary>
internal static class RpcRequest
{
    private const int Elements = 16;

    /// <summary>The whole server, and a client of it.</summary>
    public static async Task<RpcStage> StartServerAsync()
    {
        var server = await WholeServer.StartAsync();
        return new RpcStage(server, server.Rpc, Message());
    }

    /// <summary>A bare service that gives the answer of the server, and a client of it.</summary>
    public static async Task<RpcStage> StartEchoAsync()
    {
        await using var asked = await StartServerAsync();
        var echo = await EchoServer.StartRpcAsync(await asked.AskAsync());
        return new RpcStage(echo, echo.Address, Message());
    }

    private static ModelInferRequest Message()
    {
        var message = new ModelInferRequest { ModelName = EngineModel.AddSub.Name };
        foreach (var name in EngineModel.AddSub.Inputs)
        {
            message.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = name, Datatype = "FP32", Shape = { 1, Elements } });
            message.RawInputContents.Add(ByteString.CopyFrom(new byte[Elements * sizeof(float)]));
        }

        return message;
    }
}
