using InferenceServer.Bench;
using InferenceServer.Bench.Answers;
using InferenceServer.Bench.Models;

namespace InferenceServer.LoadGenerator.Answers;

/// <summary>Judges one answer before any time is taken: a fast wrong answer is not worth measuring.</summary>
internal static class AnswerChecker
{
    public static AnswerCheck Check(ModelMetadata model, IReadOnlyList<Tensor> inputs, Answer answer)
    {
        if (answer.ModelName != model.Name)
        {
            throw new BenchException($"the answer is from model '{answer.ModelName}', not from '{model.Name}'");
        }

        foreach (var expected in model.Outputs)
        {
            var output = answer.Outputs.FirstOrDefault(o => o.Name == expected.Name)
                ?? throw new BenchException($"the answer has no output '{expected.Name}'");
            CheckForm(expected, output);
        }

        var known = KnownModels.Outputs(model, inputs);
        foreach (var expected in known)
        {
            var output = answer.Outputs.First(o => o.Name == expected.Name);
            if (!output.Data.AsSpan().SequenceEqual(expected.Data))
            {
                throw new BenchException($"output '{expected.Name}' of model '{model.Name}' has wrong values");
            }
        }

        return known.Count > 0 ? AnswerCheck.Values : AnswerCheck.Form;
    }

    private static void CheckForm(TensorMetadata expected, Tensor output)
    {
        if (output.DataType != expected.DataType)
        {
            throw new BenchException($"output '{output.Name}' is {output.DataType}, the metadata says {expected.DataType}");
        }

        var fits = output.Shape.Count == expected.Shape.Count
            && output.Shape.Zip(expected.Shape).All(pair => pair.First == pair.Second || (pair.Second == -1 && pair.First >= 0));
        if (!fits)
        {
            throw new BenchException(
                $"output '{output.Name}' has the shape [{string.Join(',', output.Shape)}], the metadata says [{string.Join(',', expected.Shape)}]");
        }

        var size = DataTypes.SizeOf(output.DataType);
        if (size > 0 && output.ElementCount * size != output.Data.Length)
        {
            throw new BenchException($"output '{output.Name}' has {output.Data.Length} bytes, its shape needs {output.ElementCount * size}");
        }
    }
}
