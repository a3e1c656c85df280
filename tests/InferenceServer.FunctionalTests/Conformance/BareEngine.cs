using InferenceServer.Abstractions.Tensors;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace InferenceServer.FunctionalTests.Conformance;

/// <summary>The engine without the server: what it gives is what the server must give, byte by byte.</summary>
internal static class BareEngine
{
    private static readonly TensorDataType[] s_types = [.. Enum.GetValues<TensorDataType>().Where(static type => type != TensorDataType.Invalid)];

    /// <summary>Loads a model and runs it on the inputs of its test data; null when it is none of the engine's, or its inputs are no tensors.</summary>
    public static ConformanceRun? Run(string folder)
    {
        try
        {
            using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, EnableCpuMemArena = false, EnableMemoryPattern = false };
            options.DisablePerSessionThreads();
            using var session = new InferenceSession(Path.Combine(folder, "model.onnx"), options);
            var inputs = ReadInputs(session, folder);
            if (inputs is null)
            {
                return null;
            }

            // One with random numbers of its own has others in its next run, and there is nothing to compare.
            var outputs = Run(session, inputs);
            return new ConformanceRun(inputs, outputs, Run(session, inputs).Zip(outputs).All(static pair => NamedTensor.AreSame(pair.First, pair.Second)));
        }
        catch (OnnxRuntimeException)
        {
            return null;
        }
    }

    private static NamedTensor[]? ReadInputs(InferenceSession session, string folder)
    {
        var inputs = new List<NamedTensor>();
        for (var i = 0; i < session.InputNames.Count; i++)
        {
            var name = session.InputNames[i];
            var file = Path.Combine(folder, "test_data_set_0", $"input_{i}.pb");
            if (session.InputMetadata[name].OnnxValueType != OnnxValueType.ONNX_TYPE_TENSOR || !File.Exists(file) || TensorFile.Read(file, name) is not { } tensor)
            {
                return null;
            }

            inputs.Add(tensor);
        }

        return [.. inputs];
    }

    private static NamedTensor?[] Run(InferenceSession session, NamedTensor[] inputs)
    {
        var values = inputs.Select(static input => ToValue(input)).ToList();
        try
        {
            using var run = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
            using var outputs = session.Run(run, [.. inputs.Select(static input => input.Name)], values, session.OutputNames);
            return [.. outputs.Select((output, i) => ToTensor(output, session.OutputNames[i]))];
        }
        finally
        {
            values.ForEach(static value => value.Dispose());
        }
    }

    private static OrtValue ToValue(NamedTensor tensor)
    {
        if (tensor.Type == TensorDataType.Bytes)
        {
            var strings = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, tensor.Shape);
            ReadOnlySpan<byte> rest = tensor.Data;
            for (var i = 0; BytesTensor.TryReadNext(ref rest, out var element); i++)
            {
                strings.StringTensorSetElementAt(element, i);
            }

            return strings;
        }

        var value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, ToEngine(tensor.Type), tensor.Shape);
        tensor.Data.CopyTo(value.GetTensorMutableRawData());
        return value;
    }

    /// <summary>The tensor, or the tensors of a sequence as one; null when they are not of one shape, or no tensors.</summary>
    private static NamedTensor? ToTensor(OrtValue value, string name)
    {
        if (value.OnnxType == OnnxValueType.ONNX_TYPE_TENSOR)
        {
            var info = value.GetTensorTypeAndShape();
            var type = s_types.First(type => ToEngine(type) == info.ElementDataType);
            return new NamedTensor(name, type, info.Shape, type == TensorDataType.Bytes ? Strings(value, info.ElementCount) : value.GetTensorMutableRawData().ToArray());
        }

        if (value.OnnxType != OnnxValueType.ONNX_TYPE_SEQUENCE || value.GetValueCount() == 0)
        {
            return null;
        }

        var pieces = new List<NamedTensor?>();
        for (var i = 0; i < value.GetValueCount(); i++)
        {
            using var piece = value.GetValue(i, OrtAllocator.DefaultInstance);
            pieces.Add(ToTensor(piece, name));
        }

        return pieces.All(piece => piece is not null && piece.Shape.AsSpan().SequenceEqual(pieces[0]!.Shape))
            ? pieces[0]! with { Shape = [pieces.Count, .. pieces[0]!.Shape], Data = [.. pieces.SelectMany(static piece => piece!.Data)] }
            : null;
    }

    private static byte[] Strings(OrtValue value, long count)
    {
        var bytes = new List<byte>();
        for (var i = 0; i < count; i++)
        {
            var element = value.GetStringElementAsSpan(i);
            bytes.AddRange(BitConverter.GetBytes(element.Length));
            bytes.AddRange(element);
        }

        return [.. bytes];
    }

    private static TensorElementType ToEngine(TensorDataType type) => type switch
    {
        TensorDataType.Fp16 => TensorElementType.Float16,
        TensorDataType.Bf16 => TensorElementType.BFloat16,
        TensorDataType.Fp32 => TensorElementType.Float,
        TensorDataType.Fp64 => TensorElementType.Double,
        TensorDataType.Bytes => TensorElementType.String,
        _ => Enum.Parse<TensorElementType>(type.ToString()),
    };
}
