"""Convolution from scratch, and the small networks of the chapter *cnn*.

One subject a file:

- `sizes`: how many places a kernel takes, and what padding adds
- `checks`: what the convolutions share: one dtype, ranks, padding, windows
- `forward`: the loop, then one matrix product
- `backward`: gradients of a convolution, and its adjoint
- `views`: the same map as a product of spectra, and as one large matrix
- `counting`: what a pixel sees, what a layer holds and costs
- `networks`: LeNet, a small CNN, a residual block and a ResNet
- `averages`: running averages of batch normalisation in one training run
- `depth`: how strongly the gradient arrives at each layer of a deep stack
- `pictures`: discs to count, and shifts
- `colour`: colour pictures cut into patches, split by area or at random
- `inside`: where a network finds what it sees
- `figures`: figures that answer to sliders and buttons

Layout is that of Keras: pictures ``(n, height, width, channels)``, kernels
``(kernel_height, kernel_width, channels_in, channels_out)``. As everywhere
in deep learning, "convolution" means cross-correlation: the kernel is not
flipped.
"""

from topoi.cnn.averages import RunningAverages
from topoi.cnn.backward import conv2d_backward, conv2d_transpose, stamp
from topoi.cnn.colour import (
    PICTURES,
    Patches,
    colour_features,
    colour_pictures,
    cut_patches,
    grey,
    split_at_random,
    split_by_area,
    train_patches,
)
from topoi.cnn.counting import (
    ReceptiveField,
    conv_macs,
    conv_parameters,
    model_macs,
    receptive_field,
)
from topoi.cnn.depth import layer_gradient_norms
from topoi.cnn.forward import conv2d, conv2d_naive, im2col
from topoi.cnn.inside import class_activation_map, occlusion_map
from topoi.cnn.networks import (
    build_lenet,
    build_resnet,
    build_small_cnn,
    residual_block,
)
from topoi.cnn.pictures import count_discs, shift_images
from topoi.cnn.sizes import out_size, same_padding
from topoi.cnn.views import conv2d_fft, conv_matrix

__all__ = [
    "PICTURES",
    "Patches",
    "ReceptiveField",
    "RunningAverages",
    "build_lenet",
    "build_resnet",
    "build_small_cnn",
    "class_activation_map",
    "colour_features",
    "colour_pictures",
    "conv2d",
    "conv2d_backward",
    "conv2d_fft",
    "conv2d_naive",
    "conv2d_transpose",
    "conv_macs",
    "conv_matrix",
    "conv_parameters",
    "count_discs",
    "cut_patches",
    "grey",
    "im2col",
    "layer_gradient_norms",
    "model_macs",
    "occlusion_map",
    "out_size",
    "receptive_field",
    "residual_block",
    "same_padding",
    "shift_images",
    "split_at_random",
    "split_by_area",
    "stamp",
    "train_patches",
]
