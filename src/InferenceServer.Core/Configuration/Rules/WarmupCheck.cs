using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration.Completion;
using InferenceServer.Core.Configuration.Syntax;
using Source = global::Inference.ModelWarmup.Types.Input.InputDataTypeOneofCase;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>
/// Holds warm-up samples against what is known of the model: once against the file alone, where its inputs or its batch size may be left
/// out, and once against the completed configuration.
/// </summary>
internal static class WarmupCheck
{
    /// <summary>The most bytes that all inputs of a sample may take together, the text of strings not counted.</summary>
    public const long MaxSampleBytes = int.MaxValue;

    /// <summary>The most times that a sample is run.</summary>
    public const uint MaxCount = 1_000_000;

    /// <summary>Reports a problem: a path in the file, what is wrong there, and what to write instead.</summary>
    public delegate void Report(string path, string message, string? suggestion = null);

    /// <summary>Checks every sample of the message.</summary>
    /// <param name="message">The message; without inputs when they are not known yet.</param>
    /// <param name="maxBatchSize">The batch size; null when it is not known yet.</param>
    /// <param name="error">Where problems go.</param>
    public static void Run(global::Inference.ModelConfig message, int? maxBatchSize, Report error)
    {
        var known = DeclaredTensor.InputsOf(message);
        var made = DeclaredSequenceTensors.InputsOf(message);
        for (var i = 0; i < message.ModelWarmup.Count; i++)
        {
            var sample = message.ModelWarmup[i];
            var path = DeclaredTensor.PathOf("model_warmup", i);
            var words = Words(sample, path);
            CheckBatchSize(sample, path, words, maxBatchSize, error);
            if (sample.Count > MaxCount)
            {
                error($"{path}.count", FormattableString.Invariant($"the count of {words} must be at most {MaxCount}, found {sample.Count}"));
            }

            var bytes = 0.0;
            foreach (var (name, input) in sample.Inputs)
            {
                var place = $"{path}.inputs[\"{name}\"].value";
                var inputWords = $"input '{name}' of {words}";
                CheckContent(input, place, inputWords, error);
                CheckDims(input, place, inputWords, maxBatchSize, error);
                if (made.Any(tensor => tensor.Name == name))
                {
                    // The server makes it for a sample as for any request.
                    CheckAgainst(made, name, input, place, inputWords, error);
                    continue;
                }

                if (!known.IsEmpty)
                {
                    CheckAgainst(known, name, input, place, inputWords, error);
                }

                // Of a string at least its length is there.
                var size = (TensorDataType)input.DataType == TensorDataType.Bytes ? BytesTensor.PrefixSize : ((TensorDataType)input.DataType).ElementSize();
                bytes += input.Dims.Aggregate((double)size, static (product, dim) => product * Math.Max(0, dim));
            }

            if (bytes * sample.BatchSize > MaxSampleBytes)
            {
                error(path, FormattableString.Invariant($"the inputs of {words} take {bytes * sample.BatchSize:F0} bytes; this server takes at most {MaxSampleBytes} here"));
            }

            foreach (var missing in known.Where(input => !input.IsOptional && !sample.Inputs.ContainsKey(input.Name)))
            {
                error(
                    path,
                    $"{words} does not give {missing.Words}, which the model needs",
                    $"add inputs {{ key: \"{missing.Name}\" value {{ data_type: {ConfigTypeNames.Of(missing.Type)} dims: [ ... ] zero_data: true }} }}");
            }
        }
    }

    /// <summary>How messages call a sample.</summary>
    public static string Words(global::Inference.ModelWarmup sample, string path) => sample.Name.Length > 0 ? $"warm-up sample '{sample.Name}'" : path;

    private static void CheckBatchSize(global::Inference.ModelWarmup sample, string path, string words, int? maxBatchSize, Report error)
    {
        if (maxBatchSize is { } most && sample.BatchSize > Math.Max(1, most))
        {
            error(
                $"{path}.batch_size",
                most > 0
                    ? FormattableString.Invariant($"the batch_size {sample.BatchSize} of {words} is more than max_batch_size, which is {most}")
                    : FormattableString.Invariant($"the batch_size of {words} must be 1, since the model does not batch, found {sample.BatchSize}"));
        }
    }

    private static void CheckContent(global::Inference.ModelWarmup.Types.Input input, string path, string words, Report error)
    {
        const string Suggestion = "write zero_data: true, random_data: true or input_data_file: \"...\"";
        switch (input.InputDataTypeCase)
        {
            case Source.None:
                error(path, $"{words} has no content", Suggestion);
                break;
            case Source.ZeroData when !input.ZeroData:
                error($"{path}.zero_data", $"zero_data of {words} is false, which leaves it without content", Suggestion);
                break;
            case Source.RandomData when !input.RandomData:
                error($"{path}.random_data", $"random_data of {words} is false, which leaves it without content", Suggestion);
                break;
            case Source.InputDataFile when !PlainFileName.IsPlain(input.InputDataFile):
                error(
                    $"{path}.input_data_file",
                    $"input_data_file of {words} must be the name of a file in the folder warmup of the model, without any path, found '{input.InputDataFile}'");
                break;
        }
    }

    private static void CheckDims(global::Inference.ModelWarmup.Types.Input input, string path, string words, int? maxBatchSize, Report error)
    {
        if ((TensorDataType)input.DataType == TensorDataType.Invalid)
        {
            error($"{path}.data_type", $"{words} has no data_type", "write for example data_type: TYPE_FP32");
        }

        for (var i = 0; i < input.Dims.Count; i++)
        {
            if (input.Dims[i] < 0)
            {
                error(
                    DeclaredTensor.PathOf($"{path}.dims", i),
                    FormattableString.Invariant($"dimension {i} of {words} must be a size, since the request is made from it, found {input.Dims[i]}"));
            }
        }

        var most = TensorShape.MaxRank - (maxBatchSize > 0 ? 1 : 0);
        if (input.Dims.Count > most)
        {
            error($"{path}.dims", FormattableString.Invariant($"dims of {words} has {input.Dims.Count} dimensions; this server takes at most {most} here"));
        }
    }

    private static void CheckAgainst(IEnumerable<DeclaredTensor> known, string name, global::Inference.ModelWarmup.Types.Input input, string path, string words, Report error)
    {
        if (known.FirstOrDefault(candidate => candidate.Name == name) is not { } declared)
        {
            var names = known.Select(static candidate => candidate.Name).ToArray();
            error(path, $"the model has no input '{name}', which {words} is for; its inputs are {string.Join(", ", names)}", DidYouMean.Suggest(name, names));
            return;
        }

        var type = (TensorDataType)input.DataType;
        if (type != TensorDataType.Invalid && type != declared.Type)
        {
            error(
                $"{path}.data_type",
                $"{words} has data_type {ConfigTypeNames.Of(type)}, but the model's input has {ConfigTypeNames.Of(declared.Type)}",
                $"write data_type: {ConfigTypeNames.Of(declared.Type)}");
        }

        var fits = input.Dims.Count == declared.Dims.Length;
        for (var i = 0; fits && i < declared.Dims.Length; i++)
        {
            // A dimension that is no size is told of as such.
            fits = input.Dims[i] < 0 || declared.Dims[i] == TensorShape.Free || declared.Dims[i] == input.Dims[i];
        }

        if (!fits)
        {
            error(
                $"{path}.dims",
                $"{words} has dims [{string.Join(',', input.Dims)}], but the model's input has [{string.Join(',', declared.Dims)}]",
                "write the dims of one row, without the batch dimension");
        }
    }
}
