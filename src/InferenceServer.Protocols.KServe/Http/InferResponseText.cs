using System.Buffers;
using System.Globalization;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Writes the JSON object of an inference response.</summary>
internal static class InferResponseText
{
    /// <returns>How many bytes the outputs that are sent as bytes take together.</returns>
    public static long Write(IBufferWriter<byte> output, string id, string model, long version, IReadOnlyDictionary<string, ParameterValue> parameters, ReadOnlySpan<TensorView> outputs, InferHeader header)
    {
        output.Write("{"u8);
        if (id.Length > 0)
        {
            output.Write("\"id\":"u8);
            JsonStringWriter.Write(output, id);
            output.Write(","u8);
        }

        output.Write("\"model_name\":"u8);
        JsonStringWriter.Write(output, model);
        output.Write(",\"model_version\":\""u8);
        WriteNumber(output, version);
        output.Write("\""u8);
        if (parameters.Count > 0)
        {
            output.Write(",\"parameters\":"u8);
            ParameterText.WriteObject(output, parameters);
        }

        output.Write(",\"outputs\":["u8);
        var binary = 0L;
        for (var i = 0; i < outputs.Length; i++)
        {
            ref readonly var tensor = ref outputs[i];
            output.Write(i == 0 ? "{\"name\":"u8 : ",{\"name\":"u8);
            JsonStringWriter.Write(output, tensor.Name);
            output.Write(",\"datatype\":"u8);
            JsonStringWriter.Write(output, tensor.DataType.ProtocolName());
            output.Write(",\"shape\":"u8);
            WriteShape(output, tensor.Shape);
            if (header.IsShared(tensor.Name))
            {
                output.Write("}"u8);
            }
            else if (header.IsBinary(i, tensor.Name))
            {
                output.Write(",\"parameters\":{\"binary_data_size\":"u8);
                WriteNumber(output, tensor.Length);
                output.Write("}}"u8);
                binary += tensor.Length;
            }
            else
            {
                output.Write(",\"data\":"u8);
                TensorDataWriter.Write(output, tensor);
                output.Write("}"u8);
            }
        }

        output.Write("]}"u8);
        return binary;
    }

    private static void WriteShape(IBufferWriter<byte> output, in TensorShape shape)
    {
        output.Write("["u8);
        for (var i = 0; i < shape.Rank; i++)
        {
            if (i > 0)
            {
                output.Write(","u8);
            }

            WriteNumber(output, shape[i]);
        }

        output.Write("]"u8);
    }

    private static void WriteNumber(IBufferWriter<byte> output, long value)
    {
        value.TryFormat(output.GetSpan(20), out var written, default, CultureInfo.InvariantCulture);
        output.Advance(written);
    }
}
