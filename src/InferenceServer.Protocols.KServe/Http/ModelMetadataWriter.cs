using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Inference;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Writes the metadata of a model as JSON.</summary>
internal static class ModelMetadataWriter
{
    /// <param name="output">Where to.</param>
    /// <param name="model">The model.</param>
    /// <param name="onlyThisVersion">True when the client asked for a version: only that one is listed then.</param>
    public static void Write(IBufferWriter<byte> output, ModelDescription model, bool onlyThisVersion)
    {
        output.Write("{\"name\":"u8);
        JsonStringWriter.Write(output, model.Config.Name);
        output.Write(",\"versions\":["u8);
        ImmutableArray<long> versions = onlyThisVersion ? [model.Version] : model.ReadyVersions;
        for (var i = 0; i < versions.Length; i++)
        {
            output.Write(i == 0 ? "\""u8 : ",\""u8);
            WriteNumber(output, versions[i]);
            output.Write("\""u8);
        }

        output.Write("],\"platform\":"u8);
        JsonStringWriter.Write(output, model.Config.Platform.Length > 0 ? model.Config.Platform : model.Config.Backend);
        WriteTensors(output, ",\"inputs\":["u8, model.Config.Inputs);
        WriteTensors(output, ",\"outputs\":["u8, model.Config.Outputs);
        output.Write("}"u8);
    }

    private static void WriteTensors(IBufferWriter<byte> output, ReadOnlySpan<byte> member, ImmutableArray<ModelTensor> tensors)
    {
        output.Write(member);
        for (var i = 0; i < tensors.Length; i++)
        {
            output.Write(i == 0 ? "{\"name\":"u8 : ",{\"name\":"u8);
            JsonStringWriter.Write(output, tensors[i].Name);
            output.Write(",\"datatype\":"u8);
            JsonStringWriter.Write(output, tensors[i].DataType.ProtocolName());
            output.Write(",\"shape\":["u8);
            for (var place = 0; place < tensors[i].Shape.Rank; place++)
            {
                output.Write(place == 0 ? default : ","u8);
                WriteNumber(output, tensors[i].Shape[place]);
            }

            output.Write("]}"u8);
        }

        output.Write("]"u8);
    }

    private static void WriteNumber(IBufferWriter<byte> output, long value)
    {
        value.TryFormat(output.GetSpan(20), out var written, default, CultureInfo.InvariantCulture);
        output.Advance(written);
    }
}
