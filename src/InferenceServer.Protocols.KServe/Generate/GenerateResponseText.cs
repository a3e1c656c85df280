using System.Buffers;
using System.Globalization;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Http;

namespace InferenceServer.Protocols.KServe.Generate;

/// <summary>
/// Writes a response as the flat JSON object of the generate extension, its members in the order of their names: an output is its element,
/// or the flat array of them. Where two have one name, an output goes before what the protocol says, and both before a parameter; what
/// gives way is left out, so that no reader meets a name twice.
/// </summary>
internal static class GenerateResponseText
{
    private const string Id = "id";
    private const string ModelName = "model_name";
    private const string ModelVersion = "model_version";

    public static void Write(IBufferWriter<byte> output, InferenceResponse response)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal) { ModelName, ModelVersion };
        if (response.Id.Length > 0)
        {
            names.Add(Id);
        }

        foreach (ref readonly var tensor in response.Outputs)
        {
            names.Add(tensor.Name);
        }

        foreach (var name in response.Parameters.Keys)
        {
            names.Add(name);
        }

        output.Write("{"u8);
        var isFirst = true;
        foreach (var name in names)
        {
            output.Write(isFirst ? default : ","u8);
            isFirst = false;
            JsonStringWriter.Write(output, name);
            output.Write(":"u8);
            WriteValue(output, response, name);
        }

        output.Write("}"u8);
    }

    private static void WriteValue(IBufferWriter<byte> output, InferenceResponse response, string name)
    {
        foreach (ref readonly var tensor in response.Outputs)
        {
            if (tensor.Name == name)
            {
                WriteTensor(output, tensor);
                return;
            }
        }

        switch (name)
        {
            case Id when response.Id.Length > 0:
                JsonStringWriter.Write(output, response.Id);
                break;
            case ModelName:
                JsonStringWriter.Write(output, response.ModelName);
                break;
            case ModelVersion:
                JsonStringWriter.Write(output, response.ModelVersion.ToString(CultureInfo.InvariantCulture));
                break;
            default:
                ParameterText.Write(output, response.Parameters[name]);
                break;
        }
    }

    private static void WriteTensor(IBufferWriter<byte> output, in TensorView tensor)
    {
        tensor.Shape.TryGetElementCount(out var elements);
        if (elements == 1)
        {
            TensorDataWriter.WriteElements(output, tensor);
        }
        else
        {
            TensorDataWriter.Write(output, tensor);
        }
    }
}
