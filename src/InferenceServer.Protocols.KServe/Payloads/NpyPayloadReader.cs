using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Protocols.KServe.Http;

namespace InferenceServer.Protocols.KServe.Payloads;

/// <summary>Reads a body that is an npy file: the only input that the model needs.</summary>
internal sealed class NpyPayloadReader(ITensorAllocator allocator, int maxBytes) : IBodyReader
{
    public string SizeName => "request body";

    public string Expected => "an npy file";

    public InferenceError? Read(ReadOnlySpan<byte> body, ModelConfig model, InferHeader header)
    {
        if (!SoleInput.TryFind(model, out var input))
        {
            return PayloadErrors.NoSoleInput(model, "an npy file");
        }

        if (NpyReader.Read(body, allocator, maxBytes, out var array) is { } error)
        {
            return error;
        }

        var (type, given, data) = array!.Value;
        if (RowShape.TryFit(input.Shape, given, out var shape))
        {
            // Another type than the model's is for the engine to refuse.
            header.Inputs.Add(new HeaderInput(new InputHead(input.Name, type, shape), data, 0));
            return null;
        }

        data.Dispose();
        return PayloadErrors.Shape(input, "the npy file", given);
    }
}
