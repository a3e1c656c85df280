using System.Numerics;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>
/// A reshape must hold as many elements as the dims whatever sizes come: the same number of free dimensions, and equal products before,
/// between and after them.
/// </summary>
internal sealed class ReshapeRule : IConfigRule
{
    public void Check(RuleContext context)
    {
        foreach (var tensor in DeclaredTensor.InputsOf(context.Message).AddRange(DeclaredTensor.OutputsOf(context.Message)))
        {
            if (tensor.Reshape is not { Length: <= TensorShape.MaxRank } reshape || tensor.Dims.Length is 0 or > TensorShape.MaxRank)
            {
                // Another rule says what is wrong with those.
                continue;
            }

            if (reshape.IsEmpty && context.MaxBatchSize == 0)
            {
                context.Error(
                    $"{tensor.Path}.reshape",
                    $"{tensor.Words} has an empty reshape, which needs a batch dimension, but max_batch_size is 0",
                    "leave out the reshape; dims of [ 1 ] alone fit a scalar of the model");
            }
            else if (!Products(tensor.Dims).SequenceEqual(Products(reshape)))
            {
                context.Error(
                    $"{tensor.Path}.reshape",
                    $"{tensor.Words} has dims [{string.Join(',', tensor.Dims)}] but a reshape to [{string.Join(',', reshape)}]; both must hold the same number of elements, also between their -1 dimensions");
            }
        }
    }

    // Dimensions are any 63-bit numbers, so no fixed width holds their products.
    private static List<BigInteger> Products(IReadOnlyList<long> dims)
    {
        var products = new List<BigInteger> { BigInteger.One };
        foreach (var dim in dims)
        {
            if (dim == TensorShape.Free)
            {
                products.Add(BigInteger.One);
            }
            else
            {
                products[^1] *= dim;
            }
        }

        return products;
    }
}
